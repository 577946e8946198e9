// The page of vdb explore. Texts of a database reach the page as text nodes only, never as HTML.

const $ = (id) => document.getElementById(id);

const state = {
  name: null, // of the collection
  about: null, // what the server says of it
  last: null, // the id behind which the next records begin
  question: null, // what was asked last: {like} or {vector}
  sides: [{}, {}], // what each list of neighbours is asked
  histogram: null,
  asked: 0, // counts questions, so that a late answer to an older one is dropped
  listed: 0, // the same of lists of records
};

// Elements

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null).map(asNode));
  return made;
}

function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

function drawing(tag, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

function options(select, values, chosen) {
  select.replaceChildren(...values.map(([value, text]) =>
    element("option", { value, selected: value === chosen ? "" : null }, text)));
}

// The server

async function answer(what, asked = {}, collection = state.name) {
  if (collection === null) throw new Error("The database has no collections.");
  const address = `answer/${what}?collection=${encodeURIComponent(collection ?? "")}`;
  const response = await fetch(address, { method: "POST", body: JSON.stringify(asked) });
  const made = await response.json();
  if (!response.ok) throw new Error(made.error);
  return made;
}

function say(text, wrong = false) {
  $("status").textContent = text;
  $("status").classList.toggle("wrong", wrong);
}

// Runs what a person asked for; an error becomes the text at the top.
function doing(work) {
  return async (event) => {
    if (event?.type === "submit") event.preventDefault();
    try {
      await work(event);
    } catch (error) {
      say(error.message, true);
    }
  };
}

// Collections and records

async function begin() {
  const overview = await answer("overview", {}, "");
  $("path").textContent = overview.path;
  document.title = `vdb ${overview.path}`;
  if (!overview.collections.length) {
    say("The database has no collections.");
    return;
  }
  options($("collection"), overview.collections.map((one) =>
    [one.name, `${one.name} (${one.count.toLocaleString()})`]));
  await choose(overview.collections[0].name);
}

async function choose(name) {
  state.name = name;
  state.question = state.histogram = null;
  state.asked++;
  const made = await answer("collection");
  if (name !== state.name) return;
  state.about = made;
  const about = state.about;
  state.sides = [{}, { metric: Object.keys(about.metrics).find((one) => one !== about.metric) ?? null }];
  $("schema").textContent =
    `${about.count.toLocaleString()} records, dim ${about.dim ?? "open"}, ${about.metric}, ${about.dtype}`;
  $("sides").replaceChildren();
  $("common").textContent = "";
  $("explanation").hidden = true;
  $("like").value = $("vector").value = "";
  $("record").replaceChildren(element("p", { class: "soft" }, "Pick a record."));
  say("");
  drawThresholds();
  drawAbout();
  await showRecords();
  const first = $("records").querySelector("li");
  if (first) await pick(first);
}

// The filter as text: numbers of JavaScript would change ints beyond 2**53.
function filter() {
  const text = $("filter").value.trim();
  if (text) JSON.parse(text);
  const given = text || null;
  const words = $("words").value;
  const field = $("field").value;
  if (!words || !field) return given;
  const part = JSON.stringify({ [field]: { $icontains: words } });
  return given ? `{"$and":[${given},${part}]}` : part;
}

async function showRecords(after = null) {
  const where = filter();
  const turn = ++state.listed;
  const page = await answer("records", { after, where });
  if (turn !== state.listed) return;
  const items = page.records.map((one) => element("li",
    { role: "option", "aria-selected": "false", "data-id": one.id, id: null },
    element("span", { class: "id" }, one.id), element("span", { class: "text" }, one.text)));
  if (after === null) $("records").replaceChildren(...items);
  else {
    $("records").append(...items);
    // A page of bounded size: what is far above goes.
    while ($("records").children.length > 500) $("records").firstElementChild.remove();
  }
  if (after === null && where === null) showTextFields(page.text_fields);
  state.last = page.records.at(-1)?.id ?? null;
  $("more").hidden = !page.more;
  $("matches").textContent = page.matches === null ? "" :
    `${page.matches.toLocaleString()} records pass the filter${page.remark ? `: ${page.remark}` : ""}`;
}

function showTextFields(names) {
  const declared = Object.keys(state.about.fields).filter((name) => state.about.fields[name].startsWith("keyword"));
  const all = [...new Set([...declared, ...names])].sort();
  options($("field"), all.map((name) => [name, name]), "text");
  $("by-text").hidden = !all.length;
}

async function pick(item) {
  for (const one of $("records").children) one.setAttribute("aria-selected", String(one === item));
  item.scrollIntoView({ block: "nearest" });
  await open(item.dataset.id);
}

async function open(id) {
  $("like").value = id;
  $("vector").value = "";
  // Both at once: a record without a vector has no neighbours, and is shown.
  await Promise.all([ask(), showRecord(id)]);
}

async function showRecord(id) {
  const record = await answer("record", { id });
  if ($("like").value !== id) return; // another one was picked meanwhile
  const numbers = record.vector === null ? "none" :
    `[${record.vector.slice(0, 24).map(number).join(", ")}${record.vector.length > 24 ? ", …" : ""}]`;
  $("record").replaceChildren(
    element("h2", {}, record.id),
    facts({
      "length of the vector": record.norm === null ? "none" : number(record.norm),
      "links by level": record.degrees.join(", ") || "no graph",
      "same vector": record.duplicates.join(", ") || "no other record",
      vector: numbers,
    }),
    element("h3", {}, "Payload"),
    element("pre", {}, record.payload));
}

// Neighbours

function question() {
  const vector = $("vector").value.trim();
  if (vector) return { vector: JSON.parse(vector) };
  const like = $("like").value;
  if (!like) throw new Error("Give an id or a vector.");
  return { like };
}

async function ask() {
  state.question = { ...question(), k: Number($("k").value), where: filter() };
  const turn = ++state.asked;
  const start = performance.now();
  // Both at once: the server answers them on two threads.
  let sides;
  try {
    sides = await Promise.all(state.sides.map(async (side) =>
      (await answer("neighbors", { ...state.question, sides: [wanted(side)] })).sides[0]));
  } catch (error) {
    if (turn !== state.asked) return;
    state.question = state.histogram = null; // no old answer under a new question
    $("sides").replaceChildren();
    $("common").textContent = "";
    $("explanation").hidden = true;
    drawThresholds();
    throw error;
  }
  if (turn !== state.asked) return;
  if (sides.some((side, place) => !state.sides[place].metric && side.metric !== state.about.metric)) {
    state.about = await answer("collection"); // it was rebuilt meanwhile
    drawAbout();
  }
  drawSides(sides);
  say(`${sides.map((side) => `${side.milliseconds.toFixed(1)} ms`).join(" and ")} on the server, ` +
    `${(performance.now() - start).toFixed(0)} ms until drawn`);
  state.histogram = null;
  if (!$("thresholds").hidden) await loadThresholds();
  $("explanation").hidden = true;
}

function wanted(side) {
  return { metric: side.metric ?? null, convention: side.convention ?? null,
    generation: side.generation ?? "present", exact: side.exact ?? false };
}

function drawSides(sides) {
  const ids = sides.map((side) => side.hits.map((hit) => hit.id));
  const common = ids[0].filter((id) => ids[1].includes(id)).length;
  $("common").textContent = `${common} of ${Math.max(...ids.map((one) => one.length))} in both lists`;
  $("sides").replaceChildren(...sides.map((side, place) => drawSide(side, place, ids[1 - place])));
}

function drawSide(side, place, others) {
  const hits = side.hits.map((hit, rank) => {
    const there = others.indexOf(hit.id);
    return element("li", { class: there < 0 ? "alone" : "" },
      element("button", { type: "button", onclick: doing(() => explain(hit.id, place)) },
        element("span", { class: "score" }, number(hit.score)),
        element("span", { class: "rank" }, rank + 1),
        element("span", { class: "id" }, hit.id),
        element("span", { class: "elsewhere" },
          there < 0 ? "in this list only" : there === rank ? "" : `there ${there + 1}`),
        element("span", { class: "text" }, hit.text)));
  });
  return element("div", { class: "side" },
    element("h2", {}, place ? "Beside it" : "As it is searched"),
    choices(place),
    element("p", { class: "soft" }, `${side.metric}, ${side.convention}: ${side.direction} is nearer. ${side.plan}`),
    element("ol", { class: "hits" }, ...hits));
}

function choices(place) {
  const about = state.about;
  const side = state.sides[place];
  const metric = side.metric ?? about.metric;
  const choice = (label, values, chosen, change) => {
    const select = element("select", { "data-side": place, onchange: doing(async () => {
      change(select.value);
      await ask();
      $("sides").querySelectorAll(`select[data-side="${place}"]`)[index].focus();
    }) });
    const index = choice.count++;
    options(select, values, chosen);
    return element("label", {}, label, select);
  };
  choice.count = 0;
  const generations = [["present", "in use"]];
  if (about.previous) generations.push(["previous", "kept from before"]);
  return element("div", { class: "choices" },
    choice("Metric", Object.keys(about.metrics).map((one) =>
      [one, one === about.metric ? `${one} (index)` : one]), metric, (value) => {
      side.metric = value;
      side.convention = null;
    }),
    choice("Scores of", about.metrics[metric].map((one) => [one, one]),
      side.convention ?? (metric === about.metric ? about.scores : "native"), (value) => { side.convention = value; }),
    choice("Generation", generations, side.generation ?? "present", (value) => { side.generation = value; }),
    metric === about.metric ? choice("Search", [["false", "by the index"], ["true", "exact"]],
      String(side.exact ?? false), (value) => { side.exact = value === "true"; }) : null);
}

async function explain(id, place) {
  const side = state.sides[place];
  const own = (side.metric ?? state.about.metric) === state.about.metric && side.generation !== "previous";
  const box = $("explanation");
  if (!own) {
    box.replaceChildren(element("h2", {}, id), element("p", { class: "soft" },
      "Scores are explained under the metric of the index, in the generation in use."));
  } else {
    const made = await answer("explanation", { ...state.question, id, convention: side.convention ?? null });
    box.replaceChildren(element("h2", {}, `Why ${id} scores ${number(made.score)}`),
      ...made.sections.flatMap((section) => [element("h3", {}, section.title),
        element("dl", {}, ...section.lines.flatMap(([what, how]) =>
          [element("dt", {}, what), element("dd", {}, how)]))]),
      element("button", { type: "button", onclick: doing(() => open(id)) }, "Neighbours of this record"));
  }
  box.hidden = false;
  box.scrollIntoView({ block: "nearest" });
}

// Thresholds

async function loadThresholds() {
  if (!state.question) return;
  const turn = state.asked;
  const made = await answer("histogram", { ...state.question, side: wanted(state.sides[0]) });
  if (turn !== state.asked) return;
  state.histogram = made;
  $("slider").max = Math.max(0, state.histogram.ranks.length - 1);
  $("slider").value = Math.min(40, $("slider").max);
  drawThresholds();
}

function drawThresholds() {
  const made = state.histogram;
  $("slider-label").hidden = !made;
  $("chart").replaceChildren();
  $("passing").textContent = "";
  if (!made || !made.records) {
    $("scale").textContent = made ? "No record has a score." : "Ask for neighbours first.";
    return;
  }
  $("scale").textContent = `Scores of ${made.records.toLocaleString()} records for this query, ` +
    `${made.metric} in ${made.convention}: ${made.direction} is nearer.`;
  const step = Number($("slider").value);
  const threshold = made.rank_scores[step];
  const passes = (score) => made.direction === "higher" ? score >= threshold : score <= threshold;
  const [width, height, low] = [800, 220, 196];
  const least = made.edges[0];
  const span = made.edges.at(-1) - least || 1;
  const most = Math.log1p(Math.max(...made.counts));
  const at = (score) => ((score - least) / span) * width;
  const svg = drawing("svg", { viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": "How many records have each score, on a logarithmic scale" });
  made.counts.forEach((count, bin) => {
    const tall = (Math.log1p(count) / most) * (low - 10);
    const middle = (made.edges[bin] + made.edges[bin + 1]) / 2;
    svg.append(drawing("rect", { x: at(made.edges[bin]), y: low - tall, height: tall,
      width: Math.max(0.6, at(made.edges[bin + 1]) - at(made.edges[bin]) - 0.4),
      class: passes(middle) ? "passes" : "" }));
  });
  svg.append(drawing("line", { x1: at(threshold), x2: at(threshold), y1: 0, y2: low }),
    drawing("text", { x: 4, y: height - 6 }, number(least)),
    drawing("text", { x: width - 4, y: height - 6, "text-anchor": "end" }, number(made.edges.at(-1))));
  $("chart").replaceChildren(svg);
  $("passing").textContent = `threshold=${threshold} leaves ${made.ranks[step].toLocaleString()} ` +
    `of ${made.records.toLocaleString()} records`;
}

// The collection

function drawAbout() {
  const about = state.about;
  const size = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const parameters = Object.entries(about.index).map(([name, value]) => `${name} ${value ?? "none"}`).join(", ");
  $("about").replaceChildren(element("h2", {}, about.name), facts({
    records: about.count.toLocaleString(),
    "without a vector": about.without_vector.toLocaleString(),
    dimension: about.dim ?? "open",
    metric: about.metric,
    dtype: about.dtype,
    index: parameters,
    scores: about.scores,
    model: about.model ?? "not named",
    fields: Object.entries(about.fields).map(([name, kind]) => `${name}: ${kind}`).join(", ") || "none",
    lengths: about.norms.count ? `${number(about.norms.min)} to ${number(about.norms.max)}, mean ` +
      `${number(about.norms.mean)}, of ${about.norms.count.toLocaleString()} vectors` : "none",
    vectors: size(about.bytes.vectors), links: size(about.bytes.links), codes: size(about.bytes.codes),
    generations: about.history.map((one) => `${one.generation}: ${one.metric} (${one.when.slice(0, 10)})`).join(", "),
    health: about.note ?? "nothing is known that would hurt a search",
  }), element("div", { id: "inspected" },
    element("button", { type: "button", onclick: doing(inspect) }, "Read degrees and lengths from every block")));
}

async function inspect() {
  const made = await answer("inspection");
  const columns = { level: "level", nodes: "nodes", capacity: "most links", mean_degree: "links, mean",
    max_degree: "links, largest", full: "share of full", alone: "alone" };
  const rows = made.levels.map((level) => element("tr", {},
    ...Object.keys(columns).map((name) => element("td", {}, Number.isInteger(level[name]) ? level[name].toLocaleString() : level[name].toFixed(2)))));
  const table = element("table", {}, element("thead", {}, element("tr", {},
    ...Object.values(columns).map((title) => element("th", { scope: "col" }, title)))), element("tbody", {}, ...rows));
  $("inspected").replaceChildren(
    facts({ nodes: made.nodes.toLocaleString(), "same vectors": made.duplicates.toLocaleString(),
      unlinked: made.unlinked.toLocaleString(), "reached by walks": made.reached.toLocaleString() }),
    ...(made.levels.length ? [table, element("h3", {}, "Links of a node on level 0"),
      bars(made.levels[0].out_degrees, 0, made.levels[0].out_degrees.length)] : []),
    ...(made.norm_histogram.counts.length ? [element("h3", {}, "Lengths of the vectors"),
      bars(made.norm_histogram.counts, made.norm_histogram.edges[0], made.norm_histogram.edges.at(-1))] : []));
}

// A chart of counts between two numbers.
function bars(counts, low, high) {
  const [width, height, base] = [800, 140, 116];
  const most = Math.max(...counts, 1);
  const svg = drawing("svg", { viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `${counts.length} bars between ${number(low)} and ${number(high)}` });
  counts.forEach((count, place) => svg.append(drawing("rect", { class: "passes",
    x: (place / counts.length) * width, width: Math.max(0.6, width / counts.length - 1),
    y: base - (count / most) * (base - 8), height: (count / most) * (base - 8) })));
  svg.append(drawing("text", { x: 4, y: height - 6 }, number(low)),
    drawing("text", { x: width - 4, y: height - 6, "text-anchor": "end" }, number(high)));
  return svg;
}

// Small things

function facts(pairs) {
  return element("dl", {}, ...Object.entries(pairs).flatMap(([what, how]) =>
    [element("dt", {}, what), element("dd", {}, how)]));
}

function number(value) {
  if (value === null || value === undefined) return "none";
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? String(value) : String(Number(value.toPrecision(9)));
}

async function show(tab) {
  for (const one of document.querySelectorAll('[role="tab"]')) {
    const chosen = one === tab;
    one.setAttribute("aria-selected", String(chosen));
    one.tabIndex = chosen ? 0 : -1;
    $(one.getAttribute("aria-controls")).hidden = !chosen;
  }
  if (tab.id === "tab-thresholds" && !state.histogram) await loadThresholds();
}

$("collection").addEventListener("change", doing((event) => choose(event.target.value)));
$("find").addEventListener("submit", doing(() => showRecords()));
$("more").addEventListener("click", doing(() => showRecords(state.last)));
$("ask").addEventListener("submit", doing(ask));
$("slider").addEventListener("input", drawThresholds);
$("like").addEventListener("input", () => { $("vector").value = ""; });
$("records").addEventListener("click", doing(async (event) => {
  const item = event.target.closest("li");
  if (item) await pick(item);
}));
$("records").addEventListener("keydown", doing(async (event) => {
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  if (!step) return;
  event.preventDefault();
  const chosen = $("records").querySelector('[aria-selected="true"]');
  const next = chosen ? chosen[step] : $("records").firstElementChild;
  if (next) await pick(next);
}));
for (const tab of document.querySelectorAll('[role="tab"]')) {
  tab.addEventListener("click", doing(() => show(tab)));
  tab.addEventListener("keydown", doing(async (event) => {
    const step = { ArrowRight: "nextElementSibling", ArrowLeft: "previousElementSibling" }[event.key];
    const next = step && tab[step];
    if (next) {
      next.focus();
      await show(next);
    }
  }));
}
doing(begin)();
