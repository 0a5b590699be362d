// Draws every map of a page from its MapSpec: zoom and place, layers on and off, what is in view, what was clicked.
import * as maplibregl from "../../maplibre/maplibre-gl.mjs";
import { idsOf, styleOf } from "./map-style.js";
import { moment } from "./moments.js";

const FALLBACK = [24.92, 60.16, 24.95, 60.175];
const AGAIN = 60_000; // milliseconds
const UID = "00000000-0000-0000-0000-000000000000";

/** Return the view kept in the page's address (#map=zoom/latitude/longitude), or null. */
function viewInAddress() {
  const found = /^#map=([\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)$/.exec(location.hash);
  return found && { zoom: Number(found[1]), center: [Number(found[3]), Number(found[2])] };
}

function rememberView(map) {
  const { lng, lat } = map.getCenter();
  history.replaceState(history.state, "", `#map=${map.getZoom().toFixed(2)}/${lat.toFixed(5)}/${lng.toFixed(5)}`);
}

/** Keep which layers are shown in the page's address; none at all is kept too. */
function rememberLayers() {
  const address = new URL(location.href);
  address.searchParams.delete("layer");
  const shown = [...document.querySelectorAll("[data-layer]:checked")].map((box) => box.dataset.layer);
  (shown.length ? shown : [""]).forEach((code) => address.searchParams.append("layer", code));
  history.replaceState(history.state, "", address);
}

/** Return an address of ours with the box that the map shows. */
function inBox(map, given) {
  const bounds = map.getBounds();
  const within = (degrees, most) => Math.max(-most, Math.min(most, degrees)).toFixed(6);
  const corners = [within(bounds.getWest(), 180), within(bounds.getSouth(), 90), within(bounds.getEast(), 180), within(bounds.getNorth(), 90)];
  const address = new URL(given, location.href);
  address.searchParams.set("bbox", corners.join(","));
  return address;
}

/** Ask for what is in view and show it in the page's list. */
function follow(map, spec) {
  const address = inBox(map, spec.follow);
  document.querySelectorAll("[data-layer]:checked").forEach((box) => address.searchParams.append("layer", box.dataset.layer));
  window.htmx.ajax("GET", address.pathname + address.search, { target: spec.followInto, swap: "innerHTML" });
}

/** Let the layers that are asked box by box show what is in view now. */
function askInView(map, spec) {
  for (const layer of spec.own) if (layer.inView && layer.shown) map.getSource(layer.code)?.setData(inBox(map, layer.url).href);
}

/** Return what a feature is called: its name in the language of the page, else its kind. */
function nameOf({ properties, sourceLayer }, spec) {
  const { name } = properties;
  const names = typeof name === "object" ? name || {} : { fi: name };
  const called = properties[`name_${spec.language}`] || names[spec.language] || names.fi || names.sv || names.en;
  return called || spec.kinds[properties.kind || sourceLayer] || document.querySelector("[data-map]").dataset.open;
}

/** Return the latest value that a feature carries: number, range, unit, moment and how it came about. */
function measuredWords({ properties }, spec) {
  const number = new Intl.NumberFormat(spec.language, { maximumSignificantDigits: 4 });
  const value = typeof properties.value === "number" ? number.format(properties.value) : properties.value;
  const range = typeof properties.low === "number" ? ` (${number.format(properties.low)}–${number.format(properties.high)})` : "";
  return `${value}${range} ${properties.unit} · ${moment(properties.time)} · ${spec.badges[properties.badge]}`;
}

/** Return what of the things under a click is meant: the one drawn last that has a page. */
function thingAt(map, point) {
  const around = [[point.x - 6, point.y - 6], [point.x + 6, point.y + 6]];
  const found = map.queryRenderedFeatures(around).filter((feature) => feature.properties.uid);
  return found.find((feature) => !feature.layer.id.startsWith("base-")) || found[0];
}

function popup(map, spec, event) {
  const feature = thingAt(map, event.point);
  if (!feature) return;
  const link = document.createElement("a");
  link.href = spec.thing.replace(UID, feature.properties.uid);
  link.textContent = nameOf(feature, spec);
  const lines = document.createElement("div");
  lines.append(paragraph(link));
  if (feature.properties.datastream) lines.append(paragraph(measuredWords(feature, spec)));
  new maplibregl.Popup({ closeButton: true, maxWidth: "18rem" }).setLngLat(event.lngLat).setDOMContent(lines).addTo(map);
}

function paragraph(content) {
  const made = document.createElement("p");
  made.append(content);
  return made;
}

/** Ask for what is in view whenever the map was moved, and every minute while somebody looks. */
function keepInView(map, spec) {
  map.on("moveend", () => askInView(map, spec));
  map.once("load", () => askInView(map, spec));
  setInterval(() => {
    if (document.hidden) return;
    askInView(map, spec);
    if (spec.follow) follow(map, spec);
  }, AGAIN);
}

function addControls(map) {
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibregl.GeolocateControl({ trackUserLocation: false }), "top-right");
  map.addControl(new maplibregl.ScaleControl({ unit: "metric" }), "top-right");
}

function connectLegend(map, spec, frame) {
  const legend = frame.querySelector(".legend");
  if (legend && frame.clientWidth < 600) legend.open = false;
  document.querySelectorAll("[data-layer]").forEach((box) => {
    box.addEventListener("change", () => {
      const layer = [...spec.layers, ...spec.own].find((candidate) => candidate.code === box.dataset.layer);
      layer.shown = box.checked;
      idsOf(map, layer.code).forEach((id) => map.setLayoutProperty(id, "visibility", box.checked ? "visible" : "none"));
      if (spec.remember) rememberLayers();
      askInView(map, spec);
      if (spec.follow) follow(map, spec);
    });
  });
}

function draw(element, spec) {
  const words = element.dataset;
  const seen = spec.remember ? viewInAddress() : null;
  const map = new maplibregl.Map({
    container: element,
    style: styleOf(spec),
    attributionControl: false,
    maxZoom: 20,
    minZoom: 9,
    cooperativeGestures: false,
    canvasContextAttributes: { preserveDrawingBuffer: true }, // a browser prints what the canvas still holds
    locale: {
      "NavigationControl.ZoomIn": words.zoomIn,
      "NavigationControl.ZoomOut": words.zoomOut,
      "GeolocateControl.FindMyLocation": words.locate,
      "GeolocateControl.LocationNotAvailable": words.locate,
      "Map.Title": words.title,
      "Popup.Close": words.close,
    },
    ...(seen || { bounds: spec.bounds || FALLBACK, fitBoundsOptions: { padding: 32, maxZoom: 17.5 } }),
  });
  addControls(map);
  connectLegend(map, spec, element.parentElement);
  if (spec.links) {
    map.on("click", (event) => popup(map, spec, event));
    map.on("mousemove", (event) => {
      map.getCanvas().style.cursor = thingAt(map, event.point) ? "pointer" : "";
    });
  }
  if (spec.remember) map.on("moveend", () => rememberView(map));
  if (spec.own.some((layer) => layer.inView)) keepInView(map, spec);
  if (spec.follow) {
    map.on("moveend", () => follow(map, spec));
    map.once("load", () => follow(map, spec));
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => map.setStyle(styleOf(spec)));
  map.once("idle", () => element.setAttribute("data-drawn", ""));
  element.talkootMap = map; // pages with more to show reach their map here
  element.dispatchEvent(new CustomEvent("map-made", { detail: { map, spec }, bubbles: true }));
}

function failed(element) {
  const words = document.createElement("p");
  words.className = "map-failed";
  words.textContent = element.dataset.failed;
  element.replaceChildren(words);
}

// A form that shows something else on the map leaves the view as it is.
document.querySelectorAll("form[data-keep-view]").forEach((form) => {
  form.addEventListener("submit", () => form.setAttribute("action", location.pathname + location.hash));
});

maplibregl.setWorkerUrl(new URL(document.querySelector("[data-map]").dataset.worker, location.href).href);
document.querySelectorAll("[data-map]").forEach((element) => {
  const spec = JSON.parse(document.getElementById("map-spec").textContent);
  try {
    draw(element, spec);
  } catch (error) {
    console.warn(error);
    failed(element);
  }
});
