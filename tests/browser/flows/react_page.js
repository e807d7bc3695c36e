// A small application of the official React SDK, as its own page would be.
import { createElement as make } from "react";
import { createRoot } from "react-dom/client";
import { AuthProvider, Descope, useDescope, useSession, useUser } from "@descope/react-sdk";

const told = new URLSearchParams(location.search);

function Shop() {
  const { isAuthenticated, isSessionLoading } = useSession();
  const { user } = useUser();
  const { logout } = useDescope();
  if (isSessionLoading) return make("p", null, "loading");
  if (!isAuthenticated) return make(Descope, { flowId: "otp", onSuccess: () => {}, onError: () => {} });
  return make("div", null, make("p", { id: "who" }, user?.email ?? ""), make("button", { id: "out", onClick: () => logout() }, "Out"));
}

createRoot(document.querySelector("#root")).render(
  make(AuthProvider, { projectId: told.get("project"), baseUrl: told.get("api") }, make(Shop)),
);
