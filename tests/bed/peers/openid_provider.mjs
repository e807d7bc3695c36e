// A real OpenID provider for the tests: npm oidc-provider with its own pages for signing in and agreeing, clients that
// register themselves, and people whose claims are made of what they type as their login. No text that is verified ends
// in "-unverified".   node openid_provider.mjs PORT
import Provider from 'oidc-provider';
import { generateKeyPairSync } from 'node:crypto';

const port = Number(process.argv[2]);
const jwk = (type, options, alg) => {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: `key-${alg}` };
};
const provider = new Provider(`http://localhost:${port}`, {
  jwks: {
    keys: [
      jwk('rsa', { modulusLength: 2048 }, 'RS256'),
      jwk('ec', { namedCurve: 'P-256' }, 'ES256'),
      jwk('rsa', { modulusLength: 2048 }, 'PS256'),
      jwk('ed25519', {}, 'EdDSA'),
    ],
  },
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['name', 'given_name', 'family_name', 'picture'],
    groups: ['groups'],
  },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'PS256', 'EdDSA'] },
  findAccount: async (_context, id) => ({
    accountId: id,
    claims: async () => ({
      sub: id,
      email: `${id}@example.com`,
      email_verified: !id.endsWith('-unverified'),
      name: `${id} Example`,
      given_name: id,
      family_name: 'Example',
      picture: `https://id.example.com/${id}.png`,
      groups: id.startsWith('admin') ? ['admins', 'staff'] : ['staff'],
    }),
  }),
  features: {
    devInteractions: { enabled: true },
    registration: { enabled: true, initialAccessToken: false },
    claimsParameter: { enabled: true },
  },
  pkce: { required: () => true },
  cookies: { keys: ['a key of the tests'] },
});
provider.listen(port, '127.0.0.1', () => console.log('ready'));
