// Makes elements of answers. Texts of the data are only ever set as text, never as HTML.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export const titleOf = (item) => item.title ?? `Item ${item.item_id}`;

// Text of a message with its `commands` as code.
export function message(text) {
  const parts = text.split("`");
  return parts.map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

export function metList(events) {
  return events.map((met) => {
    const at = new Date(met.at);
    return make(
      "li",
      { class: met.sent_here ? "new" : null },
      title(met),
      make(
        "span",
        { class: "when" },
        met.event_type ?? "",
        met.event_value === null ? "" : ` ${met.event_value}`,
        make("br"),
        make("time", { datetime: met.at, title: at.toLocaleString() }, at.toLocaleDateString()),
      ),
      about(met),
    );
  });
}

// shared: ids that the list beside has too; fresh: ids that the last answer did not have.
export function rankedList(items, { shared = new Set(), fresh = new Set(), acts = () => [] } = {}) {
  const best = Math.max(...items.map((item) => item.score ?? 0));
  return items.map((item) =>
    make(
      "li",
      { class: classes({ shared: shared.has(item.item_id), new: fresh.has(item.item_id) }) },
      make("span", { class: "rank" }, String(item.rank)),
      title(item, shared.has(item.item_id)),
      make("span", { class: "acts" }, ...acts(item)),
      about(item, item.met ? "met before" : null),
      item.score === null ? null : score(item.score, best),
      ...item.reasons.map((reason) => make("span", { class: "reason" }, reason.text)),
    ),
  );
}

export function versionRows(versions, linkOf) {
  const names = [...new Set(versions.flatMap((version) => Object.keys(version.metrics)))];
  const shown = SHOWN.filter(([name]) => names.includes(name));
  const head = make("tr", {}, ...["Solution", "Version", "Trained", "State"].map(heading));
  head.append(...shown.map(([, short]) => heading(short)));
  const rows = versions.map((version) => {
    const link = linkOf(version);
    const state = version.in_service ? "in service" : version.status;
    const made = version.created_at === null ? "" : new Date(version.created_at).toLocaleString();
    const row = make(
      "tr",
      {},
      make("td", {}, link === null ? version.solution : make("a", { href: link }, version.solution)),
      make("td", {}, version.solution_version.split("/").pop()),
      make("td", {}, made),
      make("td", {}, state),
    );
    row.append(...shown.map(([name]) => make("td", {}, number(version.metrics[name]))));
    return row;
  });
  return [head, rows];
}

const SHOWN = [
  ["mean_reciprocal_rank_at_25", "MRR@25"],
  ["normalized_discounted_cumulative_gain_at_10", "NDCG@10"],
  ["normalized_discounted_cumulative_gain_at_25", "NDCG@25"],
  ["precision_at_10", "P@10"],
  ["hit_rate_at_25", "Hits@25"],
  ["coverage", "Coverage"],
];

const heading = (text) => make("th", { scope: "col" }, text);
const number = (value) => (value === undefined ? "" : value.toFixed(4));

function title(item, inBoth = false) {
  const year = item.year === null ? "" : ` (${item.year})`;
  // Titles of MovieLens end in their year.
  const shown = titleOf(item).endsWith(year) ? "" : year;
  return make(
    "span",
    { class: "title" },
    make("b", {}, titleOf(item)),
    shown,
    inBoth ? make("span", { class: "both" }, " in both") : null,
  );
}

function about(item, more = null) {
  const said = [item.genres.join(", "), more].filter(Boolean).join(" · ");
  return make("span", { class: "about" }, said || `id ${item.item_id}`);
}

function score(value, best) {
  const bar = make("i");
  bar.style.width = `${best > 0 ? Math.max(1, (100 * value) / best) : 0}%`;
  return make(
    "span",
    { class: "score" },
    make("span", { class: "bar", "aria-hidden": "true" }, bar),
    make("span", {}, make("span", { class: "unseen" }, "score "), value.toPrecision(3)),
  );
}

const classes = (wanted) =>
  Object.keys(wanted).filter((name) => wanted[name]).join(" ") || null;
