
// Passkeys: a screen that asks for one, and the first field, which offers those of this device.
const REASONS = {
  InvalidStateError: "authenticator_already_registered",
  NotAllowedError: "not_allowed",
  SecurityError: "invalid_domain",
  NotSupportedError: "no_supported_algorithm",
  AbortError: "aborted",
};

async function passkey(options, creates, how) {
  const read = creates ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
  try {
    const publicKey = PublicKeyCredential[read](JSON.parse(options).publicKey);
    const shown = await navigator.credentials[creates ? "create" : "get"]({ publicKey, ...how });
    return { response: JSON.stringify(shown) };
  } catch (cause) {
    return { failure: "true", failureReason: REASONS[cause.name] || "unknown" };
  }
}

// Nothing of this is typed, so that nothing is validated.
function send(form, values) {
  for (const [name, value] of Object.entries({ ...values, origin: location.origin })) {
    const field = form.querySelector(`input[type="hidden"][name="${name}"]`) || document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
  form.submit();
}

async function offerPasskeys(field) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const [root, rest] = location.pathname.split("/login/");
  const begun = await fetch(`${root}/v1/auth/webauthn/signin/start`, {
    method: "POST",
    headers: { Authorization: `Bearer ${rest.split("/")[0]}`, "Content-Type": "application/json" },
    body: JSON.stringify({ loginId: "", origin: location.origin }),
  });
  if (!begun.ok) return;
  const { transactionId, options } = await begun.json();
  const leaving = new AbortController();
  field.form.addEventListener("submit", () => leaving.abort());
  const shown = await passkey(options, false, { mediation: "conditional", signal: leaving.signal });
  if (shown.response) send(field.form, { do: field.id, transactionId, ...shown });
}

if (globalThis.PublicKeyCredential) {
  const screen = document.querySelector("form.avow-screen");
  if (screen) {
    const can = document.createElement("input");
    Object.assign(can, { type: "hidden", name: "canPasskey", value: "yes" });
    screen.append(can);
  }
  const asked = document.querySelector("[data-passkey]");
  // Whoever comes back to the screen, or was refused on it, asks again by its button.
  if (asked && asked.dataset.options && !document.querySelector("[role=alert]")) {
    const creates = asked.dataset.passkey === "create";
    passkey(asked.dataset.options, creates).then((shown) => send(screen, { do: "submit", ...shown }));
  }
  const first = document.getElementById("passkey-autofill");
  if (first) offerPasskeys(first).catch(() => {}); // without it, passkeys have their button
}
