// The peer of the OpenID benchmark: npm oidc-provider with ES256 and RS256 side by side, refresh tokens that rotate, and
// browsers that have signed in. Everything is in Maps: less work than its own in-memory store, and nothing is durable.
//
//   node oidc_provider_grants.mjs PORT
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const port = Number(process.argv[2]);
const algorithms = ['ES256', 'RS256'];
const scope = 'openid profile email offline_access api:read';
const secret = 'a-secret-of-the-benchmark-only';
const mostKept = 50_000; // of one kind, so that memory says something

const pairs = { ES256: ['ec', { namedCurve: 'P-256' }], RS256: ['rsa', { modulusLength: 2048 }] };
const keys = algorithms.map((alg) => {
  const { privateKey } = generateKeyPairSync(...pairs[alg]);
  return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: `bench-${alg}` };
});

class Kept {
  constructor() {
    this.values = new Map();
    this.uids = new Map();
  }

  async upsert(id, payload) {
    if (this.values.size >= mostKept) this.values.delete(this.values.keys().next().value);
    this.values.set(id, payload);
    if (payload.uid) this.uids.set(payload.uid, id);
  }

  async find(id) {
    return this.values.get(id);
  }

  async findByUid(uid) {
    return this.values.get(this.uids.get(uid));
  }

  async consume(id) {
    this.values.get(id).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    this.values.delete(id);
  }

  async revokeByGrantId(grantId) {
    for (const [id, payload] of this.values) if (payload.grantId === grantId) this.values.delete(id);
  }
}

const person = {
  name: 'Mia', email: 'mia@example.com', email_verified: true, updated_at: 1_700_000_000, nickname: 'mia',
};
const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: Kept,
  jwks: { keys },
  clients: algorithms.map((alg) => ({
    client_id: alg,
    client_secret: secret,
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    redirect_uris: ['https://app.example.com/callback'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_post',
    id_token_signed_response_alg: alg,
  })),
  scopes: ['openid', 'profile', 'email', 'offline_access'],
  ttl: { Grant: 86_400, Interaction: 3600, Session: 86_400 },
  claims: { openid: ['sub'], profile: ['name', 'nickname', 'updated_at'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false, // the claims of the scopes are in the ID token, as in ours
  cookies: { keys: ['a secret of the benchmark and of nothing else'] },
  rotateRefreshToken: true,
  issueRefreshToken: async (_context, _client, code) => code.scopes.has('offline_access'),
  findAccount: async (_context, id) => ({ accountId: id, claims: async () => ({ sub: id, ...person }) }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (context) => `urn:bench:${context.oidc.client.clientId}`,
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, audience) => ({
        scope: 'api:read',
        audience,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 600,
        jwt: { sign: { alg: audience.slice(-5) } },
      }),
    },
  },
});

async function granted(clientId, accountId) {
  const grant = new provider.Grant({ clientId, accountId });
  grant.addOIDCScope('openid profile email offline_access');
  grant.addResourceScope(`urn:bench:${clientId}`, 'api:read');
  return grant.save();
}

// Beside the protocol: what the load brings. /refresh-tokens?client=ES256&count=9 and /sessions?count=9.
provider.use(async (context, next) => {
  const count = Number(context.query.count);
  const now = Math.floor(Date.now() / 1000);
  if (context.path === '/refresh-tokens') {
    const client = await provider.Client.find(context.query.client);
    const grantId = await granted(client.clientId, 'user');
    const made = [];
    for (let number = 0; number < count; number += 1) {
      const token = new provider.RefreshToken({
        accountId: 'user',
        client,
        grantId,
        scope,
        gty: 'authorization_code',
        resource: `urn:bench:${client.clientId}`,
        claims: {},
        rotations: 0,
        iiat: now,
        authTime: now,
        sessionUid: 'session',
      });
      made.push(await token.save());
    }
    context.body = made;
  } else if (context.path === '/sessions') {
    const made = [];
    for (let number = 0; number < count; number += 1) {
      const session = new provider.Session();
      session.loginAccount({ accountId: `user-${number}`, loginTs: now, amr: ['email'] });
      for (const alg of algorithms) session.grantIdFor(alg, await granted(alg, `user-${number}`));
      await session.save(86_400);
      context.cookies.set('_session', session.id, { signed: true });
      const cookies = context.response.get('set-cookie');
      made.push(cookies.map((each) => each.split(';')[0]).join('; '));
      context.remove('set-cookie');
    }
    context.body = made;
  } else {
    await next();
  }
});
provider.listen(port, '127.0.0.1');
