// The types of Avow's browser SDK.

export type Answer<Data> =
  | { ok: true; code: number; data: Data; error?: undefined; response?: Response }
  | { ok: false; code: number; data?: undefined; error: CallError; response?: Response };

export interface CallError {
  errorCode: string;
  errorDescription?: string;
  errorMessage?: string;
  /** Seconds to wait, where the server said so. */
  retryAfter?: number;
}

export interface User {
  userId: string;
  loginIds: string[];
  name?: string;
  email?: string;
  phone?: string;
  verifiedEmail?: boolean;
  verifiedPhone?: boolean;
  [member: string]: unknown;
}

export interface Session {
  /** Absent when the project keeps it in a cookie. */
  sessionJwt?: string;
  /** Absent when it has not changed, or is kept in a cookie. */
  refreshJwt?: string;
  /** Seconds since the epoch. */
  sessionExpiration?: number;
  user?: User;
  firstSeen?: boolean;
  claims?: Record<string, unknown>;
}

export interface CookieOptions {
  sameSite?: "Strict" | "Lax" | "None";
  secure?: boolean;
  cookieName?: string;
  domain?: string;
}

export interface KeyValues {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface AvowOptions {
  projectId: string;
  /** Address of the server; without it, the one that this script came from. */
  baseUrl?: string;
  /** Keep tokens in the browser's storage (default); otherwise in this page only. */
  persistTokens?: boolean;
  /** Refresh the session before it ends, while somebody looks at the page (default). */
  autoRefresh?: boolean;
  /** Begins the names in storage, for several projects on one origin. */
  storagePrefix?: string;
  /** Keep the session token in a cookie, for servers that read it there. */
  sessionTokenViaCookie?: boolean | CookieOptions;
  /** Name of the refresh cookie, when the project uses another than `DSR`. */
  refreshCookieName?: string;
  customStorage?: KeyValues;
}

export interface LoginOptions {
  stepup?: boolean;
  mfa?: boolean;
  customClaims?: Record<string, unknown>;
  revokeOtherSessions?: boolean;
}

export type DeliveryMethod = "email" | "sms" | "voice" | "whatsapp";
export type Masked = { maskedEmail?: string; maskedPhone?: string };
export type Unsubscribe = () => void;

export interface Starts {
  signUp: Record<DeliveryMethod, (loginId: string, user?: Partial<User>, options?: LoginOptions) => Promise<Answer<Masked>>>;
  signIn: Record<DeliveryMethod, (loginId: string, options?: LoginOptions, token?: string) => Promise<Answer<Masked>>>;
  signUpOrIn: Record<DeliveryMethod, (loginId: string, options?: LoginOptions) => Promise<Answer<Masked>>>;
}

export interface AvowClient {
  readonly projectId: string;
  readonly baseUrl: string;
  /** End what the client does by itself: no more refreshing, no more listening to other tabs. */
  stop(): void;
  refresh(token?: string, tryRefresh?: boolean): Promise<Answer<Session>>;
  me(token?: string): Promise<Answer<User>>;
  myTenants(tenants: boolean | string[], token?: string): Promise<Answer<{ tenants: unknown[] }>>;
  history(token?: string): Promise<Answer<unknown[]>>;
  /** Signs out in this browser in any case; `ok` says whether the server has ended the session too. */
  logout(token?: string): Promise<Answer<object>>;
  logoutAll(token?: string): Promise<Answer<object>>;
  selectTenant(tenant: string, token?: string): Promise<Answer<Session>>;
  /** The session token as it is kept, "" without one; it may have ended. */
  getSessionToken(): string;
  getRefreshToken(): string;
  /** Whether the session token that is kept still counts; a session may live on when it does not. */
  isAuthenticated(): boolean;
  isJwtExpired(token: string): boolean;
  getTenants(token?: string): string[];
  getJwtRoles(token?: string, tenant?: string): string[];
  getJwtPermissions(token?: string, tenant?: string): string[];
  onSessionTokenChange(listener: (now: string | null, before: string | null) => void): Unsubscribe;
  onUserChange(listener: (now: User | null, before: User | null) => void): Unsubscribe;
  onClaimsChange(listener: (now: Record<string, unknown> | null) => void): Unsubscribe;
  /** Tells that a session has begun or ended; not that its token has run out, for it is refreshed. */
  onIsAuthenticatedChange(listener: (isAuthenticated: boolean) => void): Unsubscribe;
  otp: Starts & {
    verify: Record<DeliveryMethod, (loginId: string, code: string) => Promise<Answer<Session>>>;
  };
  magicLink: Starts & { verify(token: string): Promise<Answer<Session>> };
  password: {
    signUp(loginId: string, password: string, user?: Partial<User>): Promise<Answer<Session>>;
    signIn(loginId: string, password: string, options?: LoginOptions): Promise<Answer<Session>>;
    sendReset(loginId: string, redirectUrl?: string): Promise<Answer<object>>;
    update(loginId: string, newPassword: string, token?: string): Promise<Answer<object>>;
    policy(): Promise<Answer<Record<string, unknown>>>;
  };
  totp: {
    signUp(loginId: string, user?: Partial<User>): Promise<Answer<{ provisioningURL: string; image: string; key: string }>>;
    verify(loginId: string, code: string, options?: LoginOptions, token?: string): Promise<Answer<Session>>;
    update(loginId: string, token?: string): Promise<Answer<{ provisioningURL: string; image: string; key: string }>>;
  };
  webauthn: {
    signUp(loginId: string, name?: string): Promise<Answer<Session>>;
    /** Without a login ID the browser offers the passkeys it has. */
    signIn(loginId?: string): Promise<Answer<Session>>;
    update(loginId: string, token?: string): Promise<Answer<object>>;
  };
  oauth: {
    start(provider: string, redirectURL?: string, options?: LoginOptions): Promise<Answer<{ url: string }>>;
    exchange(code: string): Promise<Answer<Session>>;
  };
  sso: {
    start(tenant: string, redirectURL?: string, options?: LoginOptions): Promise<Answer<{ url: string }>>;
    exchange(code: string): Promise<Answer<Session>>;
  };
  flow: {
    start(flowId: string, body?: object, headers?: Record<string, string>): Promise<Answer<Record<string, unknown>>>;
    next(body: object, headers?: Record<string, string>): Promise<Answer<Record<string, unknown>>>;
  };
}

export function Avow(options: AvowOptions): AvowClient;
export namespace Avow {
  const SESSION_TOKEN_KEY: "DS";
  const REFRESH_TOKEN_KEY: "DSR";
}
/** Address of the server that the script came from. */
export const HOME: string;
export { Avow as Descope };
export default Avow;
export function passkey(
  asked: string,
  how?: { create?: boolean; mediation?: CredentialMediationRequirement; signal?: AbortSignal },
): Promise<string>;

declare global {
  // What the classic script leaves on the page.
  var Avow: typeof import("./avow").Avow;
  var Descope: typeof import("./avow").Avow;
}
