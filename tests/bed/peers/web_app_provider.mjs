// npm oidc-provider over https with the addresses and habits that Auth0's guide for Django expects: claims in the ID
// token, access tokens as JWTs for the `audience` with `permissions`, log-out at /v2/logout. Whoever types a login that
// begins with "admin" may read admin messages.   node web_app_provider.mjs PORT CERTIFICATE CLIENT_SECRET APPLICATION
import Provider from 'oidc-provider';
import { createServer } from 'node:https';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [port, certificate, secret, application] = process.argv.slice(2);
const audience = 'https://hello-world.example.com';
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const provider = new Provider(`https://localhost:${port}/`, {
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'rsa' }] },
  clients: [{
    client_id: 'hello-django',
    client_secret: secret,
    redirect_uris: [`${application}/callback`],
    post_logout_redirect_uris: [application],
    grant_types: ['authorization_code', 'refresh_token'],
  }],
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['name', 'nickname', 'picture', 'updated_at'],
  },
  conformIdTokenClaims: false,
  extraParams: ['audience', 'screen_hint'],
  extraTokenClaims: (_context, token) => ({
    permissions: token.accountId.startsWith('auth0|admin') ? ['read:admin-messages'] : [],
  }),
  findAccount: async (_context, id) => {
    const name = id.replace('auth0|', '');
    return {
      accountId: id,
      claims: async () => ({
        sub: id,
        nickname: name,
        name: `${name} Example`,
        picture: `https://localhost:${port}/picture.png`,
        updated_at: '2026-01-02T03:04:05.678Z',
        email: `${name}@example.com`,
        email_verified: true,
      }),
    };
  },
  features: {
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (context) => context.oidc.params?.audience,
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, named) => ({
        scope: 'openid profile email', audience: named, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
  pkce: { required: () => false },
  routes: {
    authorization: '/authorize', token: '/oauth/token', jwks: '/.well-known/jwks.json', userinfo: '/userinfo',
    end_session: '/oidc/logout',
  },
  cookies: { keys: ['a key of the tests'] },
});
provider.use(async (context, next) => {
  if (context.path !== '/v2/logout') return next();
  const { client_id: client, returnTo } = context.query;
  if (client !== 'hello-django' || returnTo?.replace(/\/$/, '') !== application) return context.throw(400);
  for (const name of ['_session', '_session.sig', '_session.legacy', '_session.legacy.sig']) context.cookies.set(name, null, { signed: false });
  return context.redirect(returnTo);
});
provider.on('server_error', (_context, error) => console.error(error));
const pem = readFileSync(certificate);
createServer({ key: pem, cert: pem }, provider.callback()).listen(Number(port), '127.0.0.1', () => console.log('ready', audience));
