// The peer of the refresh benchmark: npm oidc-provider with ES256, JWT access tokens, its in-memory store and no
// rotation, which flatters it: nothing that it answers is durable.   node oidc_provider.mjs PORT
import Provider from 'oidc-provider';
import { generateKeyPairSync } from 'node:crypto';

const port = Number(process.argv[2]);
const audience = 'urn:bench:api';
const scope = 'openid offline_access api:read';
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const client = {
  client_id: 'bench',
  client_secret: 'a-secret-of-the-benchmark-only',
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: ['https://app.example.com/callback'],
  response_types: ['code'],
  token_endpoint_auth_method: 'client_secret_post',
  id_token_signed_response_alg: 'ES256',
};
const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'bench' }] },
  clients: [client],
  scopes: scope.split(' '),
  rotateRefreshToken: false,
  issueRefreshToken: async () => true,
  findAccount: async (_context, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'api:read',
        audience,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 600,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});

// Beside the protocol: a refresh token for the load.
provider.use(async (context, next) => {
  if (context.path !== '/mint') return next();
  const registered = await provider.Client.find('bench');
  const grant = new provider.Grant({ clientId: 'bench', accountId: 'user' });
  grant.addOIDCScope('openid offline_access');
  grant.addResourceScope(audience, 'api:read');
  const token = new provider.RefreshToken({
    accountId: 'user',
    client: registered,
    grantId: await grant.save(),
    scope,
    gty: 'authorization_code',
    resource: audience,
    claims: {},
    rotations: 0,
    iiat: Math.floor(Date.now() / 1000),
    sessionUid: 'session',
  });
  context.body = await token.save();
});
provider.listen(port, '127.0.0.1');
