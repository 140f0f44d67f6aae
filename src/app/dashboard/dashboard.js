"use strict";
// The public figures, drawn: everything comes from the public API of the same origin.
const SVG = "http://www.w3.org/2000/svg";
const COLOURS = ["#e0e0e0", "#cacafb", "#8585f6", "#4747d6", "#000091", "#00003d"];
const OVERSEAS = { "971": 0, "972": 1, "973": 2, "974": 3, "976": 4 };
const number = new Intl.NumberFormat("fr-FR");
const decimal = new Intl.NumberFormat("fr-FR", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const byId = (id) => document.getElementById(id);

async function get(path) {
  const answer = await fetch("/api/v1" + path, { headers: { Accept: "application/json", "Accept-Language": "fr" } });
  if (!answer.ok) throw new Error("Les chiffres ne sont pas disponibles (" + answer.status + ").");
  return answer.json();
}

function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function row(cells, heading) {
  const made = document.createElement("tr");
  cells.forEach((cell, rank) => {
    const one = document.createElement(rank === 0 && heading ? "th" : "td");
    if (rank === 0 && heading) one.scope = "row";
    one.textContent = cell;
    made.append(one);
  });
  return made;
}

const shown = (value) => (value === null || value === undefined ? "moins de 5" : number.format(value));

// Metropolitan France in one scale (latitudes stretched as at 46.5° N); each overseas département in a box of its own.
function projection(feature) {
  const rings = feature.geometry.type === "Polygon" ? feature.geometry.coordinates : feature.geometry.coordinates.flat();
  const box = OVERSEAS[feature.properties.code];
  if (box === undefined) {
    const at = ([x, y]) => [(x + 5.4) * 39, (51.3 - y) * 56.6];
    return rings.map((ring) => ring.map(at));
  }
  const xs = rings.flat().map((point) => point[0]), ys = rings.flat().map((point) => point[1]);
  const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = Math.min(90 / (east - west), 70 / (north - south));
  const left = 20 + box * 120 + (90 - (east - west) * scale) / 2, top = 560 + (70 - (north - south) * scale) / 2;
  return rings.map((ring) => ring.map(([x, y]) => [left + (x - west) * scale, top + (north - y) * scale]));
}

function steps(features) {
  const values = features.map((f) => f.properties.posts_per_10000 || 0).filter((v) => v > 0).sort((a, b) => a - b);
  if (!values.length) return [];
  return [0.2, 0.4, 0.6, 0.8].map((share) => values[Math.min(values.length - 1, Math.floor(values.length * share))]);
}

const shade = (value, bounds) => (value > 0 ? COLOURS[1 + bounds.filter((bound) => value >= bound).length] : COLOURS[0]);

// What the boxes below the map show.
function nameBoxes(features) {
  for (const { properties } of features) {
    const box = OVERSEAS[properties.code];
    if (box !== undefined) byId("map").append(element("text", { x: 65 + box * 120, y: 552, "text-anchor": "middle" }, properties.name));
  }
}

// One stop of the tabulator for the whole map: within it, arrows lead to the nearest département that way.
function walkable(map) {
  const paths = () => [...map.querySelectorAll("path")];
  const middle = (path) => { const box = path.getBBox(); return [box.x + box.width / 2, box.y + box.height / 2]; };
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const enter = (path) => {
    for (const other of paths()) other.setAttribute("tabindex", other === path ? 0 : -1);
    return path;
  };
  if (paths().length) enter(paths()[0]);
  map.addEventListener("focusin", (event) => { if (event.target.dataset.code) enter(event.target); });
  map.addEventListener("keydown", (event) => {
    const here = event.target.closest("path");
    if (!here) return;
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(here.dataset.code); return; }
    const way = ways[event.key];
    if (!way) return;
    event.preventDefault();
    const [x, y] = middle(here);
    let best = null;
    for (const other of paths()) {
      const [u, v] = middle(other), along = (u - x) * way[0] + (v - y) * way[1], aside = Math.abs((u - x) * way[1]) + Math.abs((v - y) * way[0]);
      if (other !== here && along > 1 && (!best || along + 2 * aside < best.cost)) best = { other, cost: along + 2 * aside };
    }
    if (best) enter(best.other).focus();
  });
}

function drawMap(map) {
  const bounds = steps(map.features);
  for (const feature of map.features) {
    const { code, name, posts_per_10000: rate, posts_count: posts } = feature.properties;
    const d = projection(feature).map((ring) => "M" + ring.map(([x, y]) => x.toFixed(1) + " " + y.toFixed(1)).join("L") + "Z").join("");
    const said = name + " : " + number.format(posts) + (posts > 1 ? " postes, " : " poste, ") + decimal.format(rate || 0) + " pour 10 000 habitants";
    const path = element("path", { d, fill: shade(rate || 0, bounds), tabindex: -1, role: "button", "aria-pressed": "false", "aria-label": said, "data-code": code });
    path.append(element("title", {}, said));
    path.addEventListener("click", () => choose(code));
    byId("map").append(path);
  }
  nameBoxes(map.features);
  walkable(byId("map"));
  const distinct = [...new Set(bounds)];
  const legend = [["aucun poste", COLOURS[0]]];
  let from = null;
  for (const bound of [...distinct, null]) {
    const text = from === null ? (bound === null ? "plus de 0" : "moins de " + decimal.format(bound)) : bound === null ? decimal.format(from) + " et plus" : decimal.format(from) + " à " + decimal.format(bound);
    legend.push([text, shade(from === null ? Number.MIN_VALUE : from, bounds)]);
    from = bound;
  }
  for (const [text, colour] of legend) {
    const item = document.createElement("li"), mark = document.createElement("span");
    mark.style.backgroundColor = colour;
    item.append(mark, text);
    byId("legend").append(item);
  }
}

function drawMonths(series) {
  const rows = series.groups.slice(-24), svg = byId("months"), body = byId("months-rows");
  svg.replaceChildren();
  body.replaceChildren();
  const values = rows.map((one) => (one.totals ? one.totals.supports_count : 0));
  const top = Math.max(1, ...values), width = 520 / Math.max(1, rows.length);
  svg.append(element("line", { x1: 40, y1: 250, x2: 560, y2: 250, stroke: "#666" }));
  if (rows.length) {
    svg.append(element("text", { x: 0, y: 22 }, number.format(top)));
    svg.append(element("text", { x: 0, y: 139 }, number.format(Math.round(top / 2))));
    svg.append(element("text", { x: 0, y: 254 }, "0"));
  }
  const month = (key, style) => new Date(key + "-01").toLocaleDateString("fr-FR", { month: style, year: "numeric", timeZone: "UTC" });
  rows.forEach((one, rank) => {
    const height = (values[rank] / top) * 230, x = 40 + rank * width;
    const bar = element("rect", { x: x + width * .1, y: 250 - height, width: width * .8, height });
    bar.append(element("title", {}, month(one.key, "long") + " : " + shown(one.totals ? values[rank] : null)));
    svg.append(bar);
    if (rank % Math.ceil(rows.length / 6) === 0) svg.append(element("text", { x, y: 270 }, month(one.key, "short")));
    body.append(row([month(one.key, "long"), shown(one.totals ? values[rank] : null)], true));
  });
  if (!rows.length) svg.append(element("text", { x: 200, y: 140 }, "Aucune activité publiée"));
}

function tiles(programme, activity) {
  const f = programme.totals, a = activity.totals;
  const list = [
    ["postes attribués", f.posts_granted_count - f.posts_returned_count], ["postes occupés", f.posts_occupied_count], ["postes vacants", f.posts_vacant_count],
    ["structures accueillantes", f.structures_count], ["lieux d'accueil", f.places_count], ["accompagnements", a.supports_count], ["personnes accompagnées (estimation)", a.people_count],
  ];
  byId("figures").replaceChildren(...list.map(([name, value]) => {
    const tile = document.createElement("div"), term = document.createElement("dt"), data = document.createElement("dd");
    term.textContent = name;
    data.textContent = shown(value);
    tile.append(term, data);
    return tile;
  }));
  const day = (text) => new Date(text).toLocaleDateString("fr-FR", { timeZone: "Europe/Paris" });
  const edition = activity.edition;
  byId("as-of").textContent = "Postes, structures et lieux au " + day(programme.as_of) + ". " + (edition
    ? "Activité : édition n° " + number.format(edition.number) + " du " + day(edition.made_on) + ", mois clos jusqu'à "
      + new Date(edition.last_month + "-01").toLocaleDateString("fr-FR", { month: "long", year: "numeric", timeZone: "UTC" }) + "."
    : "Activité : aucune édition publiée pour l'instant.");
}

// A table as a file, for a spreadsheet.
function offer(id, name, table) {
  const link = byId(id), quoted = (text) => "\"" + text.replaceAll("\"", "\"\"") + "\"";
  const lines = [...table.rows].map((one) => [...one.cells].map((cell) => quoted(cell.textContent)).join(";"));
  if (link.href) URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
  link.download = name + ".csv";
  link.hidden = table.tBodies[0].rows.length === 0;
}

function explain(definitions) {
  byId("definitions").replaceChildren(...definitions.flatMap(({ definition, figure }) => {
    const term = document.createElement("dt"), text = document.createElement("dd");
    term.textContent = NAMES[figure] || figure;
    text.textContent = definition;
    return NAMES[figure] ? [term, text] : [];
  }));
}

const NAMES = {
  posts_granted_count: "Postes attribués (avant restitution)", posts_occupied_count: "Postes occupés", posts_vacant_count: "Postes vacants",
  posts_per_10000: "Postes pour 10 000 habitants", structures_count: "Structures accueillantes", places_count: "Lieux d'accueil",
  supports_count: "Accompagnements", people_count: "Personnes accompagnées (estimation)",
};

let turn = 0;
async function show(code) {
  const mine = ++turn, query = code ? "departement_code=" + code : "";
  byId("problem").hidden = true;
  byId("departement").value = code;
  const place = byId("departement").selectedOptions[0].textContent;
  byId("place").textContent = place;
  document.title = place + " – Conseillers numériques – tableau de bord";
  mark(code);
  const [programme, series, activity] = await Promise.all([
    get("/statistics/programme?" + query), get("/statistics/activity/series?" + query), get("/statistics/activity?group_by=theme&" + query),
  ]);
  // Whoever chooses quickly sees the last choice.
  if (mine !== turn) return;
  tiles(programme, activity);
  drawMonths(series);
  const themes = activity.groups.filter((one) => one.count > 0).sort((a, b) => b.count - a.count).slice(0, 8);
  byId("themes").replaceChildren(...themes.map((one) => row([one.label, number.format(one.count), one.percent === null ? "" : one.percent.toLocaleString("fr-FR") + " %"], true)));
  explain([...programme.definitions, ...activity.definitions]);
  offer("months-file", "accompagnements-par-mois-" + (code || "france"), byId("months-rows").closest("table"));
  offer("themes-file", "themes-" + (code || "france"), byId("themes").closest("table"));
}

// The chosen one is drawn last: its outline lies above its neighbours'.
function mark(code) {
  for (const path of document.querySelectorAll("#map path")) {
    path.setAttribute("aria-pressed", String(path.dataset.code === code));
    if (path.dataset.code !== code) continue;
    const focused = document.activeElement === path;
    byId("map").append(path);
    if (focused) path.focus();
  }
}

function report(error) {
  byId("said").textContent = error.message;
  byId("problem").hidden = false;
}

const asked = () => {
  const code = location.hash.slice(1);
  return [...byId("departement").options].some((option) => option.value === code) ? code : "";
};
const follow = () => show(asked()).catch(report);

// The address is what is shown: so that the way back leads back, and an address may be sent to somebody.
function choose(code) {
  if (code === asked()) follow();
  else location.hash = code;
}

async function start() {
  const [coverage, map] = await Promise.all([get("/statistics/coverage"), get("/maps/departements")]);
  for (const one of coverage.departements) {
    const option = document.createElement("option");
    option.value = one.departement_code;
    option.textContent = one.departement_code + " – " + one.departement_name;
    byId("departement").append(option);
    byId("departements").append(row([option.textContent, number.format(one.posts_count), number.format(one.posts_occupied_count), one.posts_per_10000 === null ? "" : decimal.format(one.posts_per_10000), number.format(one.places_count)], true));
  }
  offer("departements-file", "departements-" + coverage.as_of, byId("departements").closest("table"));
  byId("updated").textContent = new Date(coverage.as_of).toLocaleDateString("fr-FR", { timeZone: "UTC" });
  drawMap(map);
  started = true;
  await show(asked());
}

let started = false;
byId("departement").addEventListener("change", (event) => choose(event.target.value));
byId("again").addEventListener("click", () => (started ? follow() : start().catch(report)));
addEventListener("hashchange", () => { if (started) follow(); });
start().catch(report);
