// The types of Avow's login component.

import type { CallError, Session, User } from "./avow";

/** What `success` tells: the session, as every sign-in answers it. */
export interface SignedIn extends Session {
  user: User;
  /** What the flow returned beside the session. */
  flowOutput?: Record<string, unknown>;
}

/** What `ready`, `page-updated` and `screen-updated` tell. */
export interface ScreenShown {
  screenName: string;
}

export interface AvowLoginEvents {
  ready: CustomEvent<ScreenShown>;
  "page-updated": CustomEvent<ScreenShown>;
  "screen-updated": CustomEvent<ScreenShown>;
  success: CustomEvent<SignedIn>;
  error: CustomEvent<CallError>;
}

/** Attributes, as a template language that knows them writes them. */
export interface AvowLoginAttributes {
  "project-id": string;
  /** `sign-up-or-in` without it. */
  "flow-id"?: string;
  /** The server, when it is not the one that the script came from. */
  "base-url"?: string;
  "redirect-url"?: string;
  tenant?: string;
  locale?: string;
  theme?: "light" | "dark" | "os";
  "auto-focus"?: "true" | "false" | "skipFirstScreen";
  "auto-refresh"?: "true" | "false";
  "restart-on-error"?: "true" | "false";
  "storage-prefix"?: string;
  "session-token-via-cookie"?: string;
  "refresh-cookie-name"?: string;
  /** JSON that flows can read. */
  client?: string;
}

export class AvowLogin extends HTMLElement {
  addEventListener<Name extends keyof AvowLoginEvents>(
    name: Name,
    listener: (this: AvowLogin, event: AvowLoginEvents[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    name: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "avow-login": AvowLogin;
  }
}
