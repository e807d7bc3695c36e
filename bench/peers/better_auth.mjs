// The peer of the `me` benchmark: npm better-auth on better-sqlite3 with WAL.   node better_auth.mjs PORT FILE
import http from 'node:http';
import Database from 'better-sqlite3';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';

const [, , port, file] = process.argv;
const database = new Database(file);
database.pragma('journal_mode = WAL');
database.pragma('synchronous = NORMAL');
const options = {
  database,
  baseURL: `http://127.0.0.1:${port}`,
  secret: 'a secret of the benchmark and of nothing else',
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  logger: { disabled: true },
  telemetry: { enabled: false },
  advanced: { disableCSRFCheck: true },
};
await (await getMigrations(options)).runMigrations();
http.createServer(toNodeHandler(betterAuth(options))).listen(Number(port), '127.0.0.1');
