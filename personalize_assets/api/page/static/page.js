// The page: what is asked stands in the form and in the address; answers stand below.

import { Refused, get, post } from "./ask.js";
import { make, message, metList, rankedList, titleOf, versionRows } from "./lists.js";

const byId = (id) => document.getElementById(id);
const form = byId("question");
const HISTORY_SHOWN = 25;
const TYPING_PAUSE_MS = 150;

const known = { about: {}, campaigns: [], filters: [], eventTypes: [], takesEvents: false };
const itemIds = new Map(); // what a suggestion of an item reads -> its id
let asked = 0; // number of the newest question: older answers are thrown away
let last = null; // what the newest answers hold

// --- What there is -----------------------------------------------------------------------------

async function begin() {
  try {
    const [about, campaigns, filters] = await Promise.all(
      ["about", "campaigns", "filters"].map((path) => get(path)),
    );
    known.about = about;
    known.campaigns = campaigns.campaigns;
    known.filters = filters.filters;
    known.eventTypes = campaigns.event_types;
    known.takesEvents = campaigns.event_tracker && campaigns.event_types.length > 0;
  } catch (error) {
    return complain(error, begin);
  }
  showWhere();
  fillChoices();
  fromAddress();
  showVersions();
  if (!known.campaigns.some((one) => one.status === "ACTIVE")) return explainAbsence();
  return question().about === "" ? suggestFirst() : show();
}

function showWhere() {
  const { group, deployment, ui } = known.about;
  byId("where").textContent = `${group}, ${deployment === "local" ? "on this machine" : "on AWS"}`;
  document.title = `Recommendations · ${group}`;
  if (ui) {
    byId("dagster").href = ui;
    byId("dagster").hidden = false;
  }
}

function fillChoices() {
  const options = known.campaigns.map((one) => {
    const asks = { recommendations: "for a user", similar: "like an item", rank: "ranks lists" };
    const state = one.status === "ACTIVE" ? "" : `, ${one.status}`;
    const text = `${one.name} (${asks[one.answers]}${state})`;
    return make("option", { value: one.name, disabled: one.answers === "rank" }, text);
  });
  byId("campaign").replaceChildren(...options);
  byId("filter").replaceChildren(
    make("option", { value: "" }, "none"),
    ...known.filters.map((one) => make("option", { value: one.name }, one.name)),
  );
  const best = known.campaigns.find((one) => one.status === "ACTIVE" && one.answers !== "rank");
  if (best) byId("campaign").value = best.name;
}

async function explainAbsence() {
  hideAnswers();
  const response = await fetch("ready").catch(() => null);
  const checks = response === null ? [] : ((await response.json()).checks ?? []);
  const said = checks.filter((check) => !check.ready && check.message).map((c) => c.message);
  const text = said.join(". ") || "No campaign answers yet: run `make run` first";
  return complain(new Refused(`Nothing to ask yet: ${text}.`), begin);
}

async function suggestFirst() {
  const campaign = chosen();
  try {
    if (campaign.answers === "similar") return undefined;
    const { users } = await get("users", { limit: 1 });
    if (users.length > 0) {
      byId("user").value = users[0].user_id;
      return show();
    }
  } catch {
    // Without histories a user can be typed.
  }
  return say("Type a user to begin.");
}

async function showVersions() {
  try {
    const { versions } = await get("versions");
    const [head, rows] = versionRows(versions, linkOf);
    byId("versions").querySelector("thead").replaceChildren(head);
    byId("versions").querySelector("tbody").replaceChildren(...rows);
    byId("versions").hidden = rows.length === 0;
  } catch {
    byId("versions").hidden = true;
  }
}

function linkOf(version) {
  const { ui, group } = known.about;
  if (!ui) return null;
  const part = (name) => name.toLowerCase().replaceAll("-", "_");
  const path = [part(group), version.solution.replaceAll("-", "_"), "metrics"];
  return `${ui.replace(/\/$/, "")}/assets/${path.map(encodeURIComponent).join("/")}`;
}

// --- The form ----------------------------------------------------------------------------------

const chosen = () => known.campaigns.find((one) => one.name === byId("campaign").value);

function question() {
  const campaign = chosen();
  const asksItem = campaign?.answers === "similar";
  const values = [...byId("values").querySelectorAll("input")];
  return {
    campaign,
    asksItem,
    about: byId(asksItem ? "item" : "user").value.trim(),
    user: byId("user").value.trim(),
    filter: byId("filter").value,
    values: values.map((input) => [input.name, input.value.trim()]).filter(([, value]) => value),
    count: byId("count").value,
    beside: known.campaigns.find((one) => one.name === byId("beside").value) ?? null,
  };
}

function fitForm() {
  const campaign = chosen();
  const asksItem = campaign?.answers === "similar";
  for (const field of form.querySelectorAll(".asks-item")) field.hidden = !asksItem;
  byId("user-hint").textContent = asksItem
    ? "For filters by what a user met; may be empty."
    : "Any id; one that nobody knows gets what is popular.";
  const before = byId("beside").value;
  const able = known.campaigns.filter(
    (one) => one !== campaign && one.answers === campaign?.answers,
  );
  byId("beside").replaceChildren(
    make("option", { value: "" }, able.length > 0 ? "nothing" : "no other is declared"),
    ...able.map((one) => make("option", { value: one.name }, one.name)),
  );
  byId("beside").value = able.some((one) => one.name === before) ? before : "";
  byId("beside").disabled = able.length === 0;
}

function fitValues(given = new Map()) {
  const filter = known.filters.find((one) => one.name === byId("filter").value);
  byId("filter-hint").textContent = filter ? filter.description || filter.expression : "";
  const fields = (filter?.parameters ?? []).map((name) =>
    make(
      "div",
      { class: "field" },
      make("label", { for: `value-${name}` }, name),
      make("input", {
        id: `value-${name}`,
        name,
        value: given.get(name) ?? "",
        maxlength: 900,
        autocomplete: "off",
      }),
    ),
  );
  byId("values").replaceChildren(...fields);
}

function suggest(input, list, path, optionsOf) {
  let waiting = null;
  let running = null;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    running?.abort();
    waiting = setTimeout(async () => {
      running = new AbortController();
      try {
        list.replaceChildren(...optionsOf(await get(...path(input.value.trim()), running.signal)));
      } catch {
        list.replaceChildren(); // suggestions are a courtesy
      }
    }, TYPING_PAUSE_MS);
  });
}

function itemText(item) {
  const text = titleOf(item);
  return itemIds.has(text) && itemIds.get(text) !== item.item_id ? `${text} · ${item.item_id}` : text;
}

function itemOptions({ items }) {
  return items.map((item) => {
    const text = itemText(item);
    itemIds.set(text, item.item_id);
    return make("option", { value: text }, [item.year, item.genres.join(", ")].filter(Boolean).join(" · "));
  });
}

// The id of what was typed: a suggestion, else the best known title, else the text itself.
async function itemIdOf(text) {
  if (itemIds.has(text)) return itemIds.get(text);
  const { items } = await get("items", { query: text, limit: 1 });
  if (items.length === 0 || items[0].item_id === text) return text;
  byId("item").value = itemText(items[0]);
  itemIds.set(byId("item").value, items[0].item_id);
  return items[0].item_id;
}

// --- Asking ------------------------------------------------------------------------------------

async function show({ fresh = false } = {}) {
  const mine = ++asked;
  const now = question();
  if (now.campaign === undefined) return explainAbsence();
  if (now.about === "") {
    say("");
    return complain(new Refused(now.asksItem ? "Type a title or an item." : "Type a user."), null);
  }
  toAddress(now);
  byId("answers").setAttribute("aria-busy", "true");
  say("Asking …");
  try {
    const itemId = now.asksItem ? await itemIdOf(now.about) : null;
    const [history, first, second] = await Promise.all([
      now.asksItem ? null : historyOf(now.about),
      recommend(now, now.campaign, itemId),
      now.beside === null ? null : recommend(now, now.beside, itemId),
    ]);
    if (mine !== asked) return undefined;
    showAnswers({ now, history, first, second }, fresh ? last : null);
    last = { now, first, second };
    settle();
  } catch (error) {
    if (mine !== asked) return undefined;
    hideAnswers();
    complain(error, () => show());
  } finally {
    if (mine === asked) byId("answers").setAttribute("aria-busy", "false");
  }
  return undefined;
}

function recommend(now, campaign, itemId) {
  const asking = {
    [campaign.kind]: campaign.name,
    num_results: now.count,
    filter: now.filter,
    filter_value: now.values.map(([name, value]) => `${name}=${value}`),
  };
  if (now.asksItem) return get("similar", { ...asking, item_id: itemId, user_id: now.user });
  return get("recommendations", { ...asking, user_id: now.about, explain: true });
}

async function historyOf(user) {
  try {
    return await get(`users/${encodeURIComponent(user)}/history`, { limit: HISTORY_SHOWN });
  } catch (error) {
    return { problem: error.message, events: [] };
  }
}

async function watched(item, answer, place) {
  const type = known.eventTypes[0];
  const { now } = last;
  try {
    await post("events", {
      user_id: now.about,
      item_id: item.item_id,
      event_type: type,
      recommendation_id: answer.recommendation_id,
    });
  } catch (error) {
    return complain(error, null);
  }
  await show({ fresh: true });
  const buttons = [...byId(place).querySelectorAll("li .watched")];
  buttons[Math.min(item.rank, buttons.length) - 1]?.focus();
  return undefined;
}

// --- Answers -----------------------------------------------------------------------------------

function showAnswers({ now, history, first, second }, before) {
  showKnown(now, history, first);
  const shared = second === null ? new Set() : common(first, second);
  showList("first", first, shared, before?.first ?? null);
  byId("second").hidden = second === null;
  if (second !== null) showList("second", second, shared, before?.second ?? null);
  say(summary(now, first, second, shared, before));
}

function showKnown(now, history, first) {
  byId("known").hidden = false;
  if (now.asksItem) {
    byId("known-title").textContent = "This item";
    const about = first.about ?? { item_id: now.about, title: null, genres: [], year: null };
    byId("history").replaceChildren(...rankedList([{ ...about, rank: "", score: null, reasons: [] }]));
    byId("known-said").textContent = first.about?.title ? "" : "The catalogue does not know it.";
    return;
  }
  byId("known-title").textContent = `What user ${now.about} did`;
  byId("history").replaceChildren(...metList(history.events));
  const nothing = "Nobody knows this user: what is popular is shown, and what you press counts.";
  byId("known-said").replaceChildren(
    ...message(history.problem ?? (history.events.length === 0 ? nothing : "Newest first.")),
  );
}

function showList(place, answer, shared, before) {
  const section = byId(place);
  const had = new Set(before?.items.map((item) => item.item_id));
  const fresh = new Set(
    before === null ? [] : answer.items.map((item) => item.item_id).filter((id) => !had.has(id)),
  );
  const acts = (item) => actsOf(item, answer, place);
  section.hidden = false;
  section.querySelector("h2").textContent = answer.answered_by.name;
  section.querySelector(".said").textContent = saidOf(answer);
  section.querySelector("ol").replaceChildren(...rankedList(answer.items, { shared, fresh, acts }));
}

function saidOf(answer) {
  const through = answer.filter === null ? "" : `, through the filter ${answer.filter}`;
  if (answer.items.length > 0) return `${answer.answered_by.recipe}${through}`;
  const why = answer.filter === null ? "" : ": the filter leaves nothing";
  return `${answer.answered_by.recipe} has no items for this${why}.`;
}

function actsOf(item, answer, place) {
  const acts = [];
  const name = titleOf(item);
  if (known.takesEvents && answer.about === null) {
    const type = known.eventTypes[0];
    const text = type === "watch" ? "Watched it" : `Send ${type}`;
    const press = (event) => {
      event.currentTarget.disabled = true;
      watched(item, answer, place);
    };
    const attributes = { type: "button", class: "watched", "aria-label": `${text}: ${name}`, onclick: press };
    acts.push(make("button", attributes, text));
  }
  const similar = known.campaigns.find((one) => one.answers === "similar" && one.status === "ACTIVE");
  if (similar) {
    const press = () => askLike(item, similar);
    acts.push(make("button", { type: "button", "aria-label": `Like ${name}`, onclick: press }, "Like this"));
  }
  return acts;
}

function askLike(item, campaign) {
  byId("campaign").value = campaign.name;
  const text = itemText(item);
  itemIds.set(text, item.item_id);
  byId("item").value = text;
  fitForm();
  byId("item").focus();
  return show();
}

const common = (one, other) => {
  const ids = new Set(other.items.map((item) => item.item_id));
  return new Set(one.items.map((item) => item.item_id).filter((id) => ids.has(id)));
};

function summary(now, first, second, shared, before) {
  const whom = now.asksItem ? `like ${now.about}` : `for user ${now.about}`;
  const count = first.items.length;
  const said = [`${count} ${count === 1 ? "item" : "items"} ${whom}.`];
  if (second !== null) said.push(`${shared.size} in both lists.`);
  if (before) {
    const had = new Set(before.first.items.map((item) => item.item_id));
    const fresh = first.items.filter((item) => !had.has(item.item_id)).length;
    said.push(`Taken in: ${fresh} of ${count} are new.`);
  }
  return said.join(" ");
}

function hideAnswers() {
  for (const section of ["known", "first", "second"]) byId(section).hidden = true;
}

// --- Telling -----------------------------------------------------------------------------------

const say = (text) => {
  byId("notice").textContent = text;
};

function settle() {
  byId("trouble").hidden = true;
  byId("trouble").replaceChildren();
}

function complain(error, again) {
  if (!(error instanceof Refused)) throw error;
  say("");
  const lines = [make("p", {}, ...message(error.message))];
  const untold = error.allowed.filter((one) => !error.message.includes(one));
  if (untold.length > 0) lines.push(make("p", {}, `Allowed: ${error.allowed.join(", ")}`));
  if (again !== null) {
    const press = () => {
      settle();
      again();
    };
    lines.push(make("button", { type: "button", onclick: press }, "Try again"));
  }
  byId("trouble").replaceChildren(...lines);
  byId("trouble").hidden = false;
}

// --- The address of the page -------------------------------------------------------------------

function toAddress(now) {
  const state = new URLSearchParams({ campaign: now.campaign.name });
  if (now.asksItem) state.set("item", now.about);
  if (now.user) state.set("user", now.user);
  if (now.filter) state.set("filter", now.filter);
  for (const [name, value] of now.values) state.set(`value.${name}`, value);
  if (now.count !== "10") state.set("count", now.count);
  if (now.beside) state.set("beside", now.beside.name);
  const address = `?${state}`;
  if (address !== location.search) history.pushState(null, "", address);
}

function fromAddress() {
  const state = new URLSearchParams(location.search);
  const set = (id) => {
    if (state.has(id)) byId(id).value = state.get(id);
  };
  set("campaign");
  if (!byId("campaign").value) byId("campaign").selectedIndex = 0;
  fitForm();
  for (const id of ["user", "item", "filter", "count", "beside"]) set(id);
  const values = [...state].filter(([name]) => name.startsWith("value."));
  fitValues(new Map(values.map(([name, value]) => [name.slice("value.".length), value])));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  show();
});
byId("campaign").addEventListener("change", () => {
  fitForm();
  if (question().about !== "") show();
});
byId("filter").addEventListener("change", () => {
  fitValues();
  const missing = byId("values").querySelector("input");
  if (missing) missing.focus();
  else if (question().about !== "") show();
});
byId("beside").addEventListener("change", () => question().about !== "" && show());
window.addEventListener("popstate", () => {
  fromAddress();
  if (question().about !== "") show();
});
suggest(byId("user"), byId("users"), (text) => ["users", { prefix: text }], ({ users }) =>
  users.map((one) => make("option", { value: one.user_id }, `${one.events} events`)),
);
suggest(byId("item"), byId("items"), (text) => ["items", { query: text || "a" }], itemOptions);
begin();
