// Asks the service. Every refusal becomes a Refused with what people need to read.

export class Refused extends Error {
  constructor(message, { allowed = [], status = 0, code = "", retryAfter = null } = {}) {
    super(message);
    Object.assign(this, { allowed, status, code, retryAfter });
  }
}

export const get = (path, parameters = {}, signal = undefined) =>
  send(`${path}?${query(parameters)}`.replace(/\?$/, ""), { signal });

export const post = (path, body) =>
  send(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

function query(parameters) {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") found.append(name, one);
    }
  }
  return found.toString();
}

async function send(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("The service does not answer. Is `personalize-assets api` still running?");
  }
  const text = await response.text();
  const body = read(text);
  if (response.ok && body !== null) return body;
  const said = body?.error ?? {};
  throw new Refused(said.message ?? `The service answered ${response.status}.`, {
    allowed: said.allowed ?? [],
    status: response.status,
    code: said.code ?? "",
    retryAfter: response.headers.get("Retry-After"),
  });
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
