// How an application uses the types of what it loads from its Avow server; the compiler judges it.
import Made, { Avow, type AvowClient, type Session } from "https://auth.example.com/sdk/avow.mjs";
import { AvowLogin } from "https://auth.example.com/sdk/avow-login.mjs";

const avow: AvowClient = Avow({ projectId: "P1", persistTokens: true, autoRefresh: true });
export const same: typeof Avow = Made;

export async function whoIsIt(): Promise<string> {
  const answer = await avow.me();
  return answer.ok ? (answer.data.email ?? "") : answer.error.errorCode;
}

const element: AvowLogin | null = document.querySelector("avow-login");
element?.addEventListener("success", (event) => {
  const session: Session = event.detail;
  location.assign(`/hello?${session.sessionJwt ?? ""}${event.detail.user.userId}`);
});
element?.addEventListener("error", (event) => console.log(event.detail.errorCode));
element?.addEventListener("click", () => undefined);
avow.onSessionTokenChange((now, before) => console.log(now ?? "", before ?? ""))();
console.log(globalThis.Descope({ projectId: "P1" }).getSessionToken());

// @ts-expect-error: a project is needed
Avow({});
// @ts-expect-error: codes are text
void avow.otp.verify.email("mia@example.com", 123456);
// @ts-expect-error: a screen has no user
element?.addEventListener("ready", (event) => event.detail.user);
