// Draws every map of a page from its MapSpec: zoom and place, layers on and off, what is in view, what was clicked.
import * as maplibregl from "../../maplibre/maplibre-gl.mjs";
import { idsOf, styleOf } from "./map-style.js";

const FALLBACK = [24.92, 60.16, 24.95, 60.175];
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

/** Ask for what is in view and show it in the page's list. */
function follow(map, spec) {
  const bounds = map.getBounds();
  const bbox = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((degree) => degree.toFixed(6)).join(",");
  const address = new URL(spec.follow, location.href);
  address.searchParams.set("bbox", bbox);
  document.querySelectorAll("[data-layer]:checked").forEach((box) => address.searchParams.append("layer", box.dataset.layer));
  window.htmx.ajax("GET", address.pathname + address.search, { target: spec.followInto, swap: "innerHTML" });
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
  link.textContent = feature.properties[`name_${spec.language}`] || feature.properties.name || document.querySelector("[data-map]").dataset.open;
  const line = document.createElement("p");
  line.append(link);
  new maplibregl.Popup({ closeButton: true, maxWidth: "18rem" }).setLngLat(event.lngLat).setDOMContent(line).addTo(map);
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
