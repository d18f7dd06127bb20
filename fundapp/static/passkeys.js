// Makes and uses passkeys. A section with data-module="passkey" is hidden until this browser is known to have them;
// what stands in its place (data-without) goes then. The answer is sent by the section's own form.

const isSupported = window.PublicKeyCredential !== undefined && navigator.credentials !== undefined;

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const withBytes = (credentials) => (credentials ?? []).map((each) => ({ ...each, id: toBytes(each.id) }));

const ceremonies = {
  async create(options) {
    const made = await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: toBytes(options.challenge),
        user: { ...options.user, id: toBytes(options.user.id) },
        excludeCredentials: withBytes(options.excludeCredentials),
      },
    });
    return answer(made, {
      attestationObject: toText(made.response.attestationObject),
      transports: made.response.getTransports?.() ?? [],
    });
  },

  async get(options) {
    const used = await navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: toBytes(options.challenge),
        allowCredentials: withBytes(options.allowCredentials),
      },
    });
    const { authenticatorData, signature, userHandle } = used.response;
    return answer(used, {
      authenticatorData: toText(authenticatorData),
      signature: toText(signature),
      userHandle: userHandle ? toText(userHandle) : null,
    });
  },
};

const answer = (credential, response) =>
  JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    clientExtensionResults: {},
    response: { ...response, clientDataJSON: toText(credential.response.clientDataJSON) },
  });

function enhance(section) {
  const form = section.querySelector("form");
  const field = form.querySelector("[name='answer'], [name='proof_passkey']");
  const failure = form.querySelector("[data-role='failure']");
  form.addEventListener("submit", async (event) => {
    if (field.value) return;
    event.preventDefault();
    failure.hidden = true;
    try {
      field.value = await ceremonies[section.dataset.ceremony](JSON.parse(section.dataset.options));
    } catch {
      failure.hidden = false; // given up, timed out, or no passkey for this site: the browser has said which
      return;
    }
    form.submit();
  });
  section.hidden = false;
}

if (isSupported) {
  for (const place of document.querySelectorAll("[data-without='passkey']")) place.hidden = true;
  for (const section of document.querySelectorAll("[data-module='passkey']")) enhance(section);
}
