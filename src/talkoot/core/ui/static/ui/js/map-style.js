// The map's style: a quiet base from the register's tiles and, over it, the layers of the page. Colours are the look's tokens.

const WIDTH = {
  main: ["interpolate", ["exponential", 1.6], ["zoom"], 12, 1, 15, 5, 18, 22],
  casing: ["interpolate", ["exponential", 1.6], ["zoom"], 12, 1.6, 15, 6.5, 18, 25],
  path: ["interpolate", ["exponential", 1.5], ["zoom"], 13, 0.4, 18, 3],
};

/** Return a function that gives the colour of a token, such as "var(--lake)", in the theme shown now. */
export function tokens() {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const known = new Map();
  const colour = (token) => {
    if (!known.has(token)) {
      probe.style.color = token;
      known.set(token, getComputedStyle(probe).color);
    }
    return known.get(token);
  };
  const resolve = (value) => {
    if (typeof value === "string") return value.startsWith("var(") ? colour(value) : value;
    if (Array.isArray(value)) return value.map(resolve);
    if (value && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner)]));
    return value;
  };
  return { resolve, end: () => probe.remove() };
}

function base() {
  const layer = (id, type, kind, paint, more = {}) => ({
    id: `base-${id}`, type, source: "register", "source-layer": kind, paint, ...more,
  });
  const round = { layout: { "line-cap": "round", "line-join": "round" } };
  return [
    { id: "base-land", type: "background", paint: { "background-color": "var(--map-land)" } },
    layer("green", "fill", "green_area", { "fill-color": "var(--map-green)" }),
    layer("water", "fill", "water", { "fill-color": "var(--map-water)" }, { filter: ["==", ["geometry-type"], "Polygon"] }),
    layer("stream", "line", "water", { "line-color": "var(--map-water)", "line-width": 2 }, { filter: ["==", ["geometry-type"], "LineString"] }),
    layer("foot", "line", "footway", { "line-color": "var(--map-path)", "line-width": WIDTH.path, "line-dasharray": [2, 1.5] }, { minzoom: 14 }),
    layer("cycle", "line", "cycleway", { "line-color": "var(--map-path)", "line-width": WIDTH.path }, { minzoom: 13 }),
    layer("casing", "line", "road_link", { "line-color": "var(--map-road-edge)", "line-width": WIDTH.casing }, round),
    layer("road", "line", "road_link", { "line-color": "var(--map-road)", "line-width": WIDTH.main }, round),
    layer("rail", "line", "railway", { "line-color": "var(--map-rail)", "line-width": 1.2 }),
    layer("building", "fill", "building", { "fill-color": "var(--map-building)", "fill-outline-color": "var(--map-building-edge)" }),
  ];
}

/** Return the expression of a thing's name in the language of the page: the tiles carry others only where they differ. */
function nameIn(language) {
  return language === "fi" ? ["get", "name"] : ["coalesce", ["get", `name_${language}`], ["get", "name"]];
}

function labels(name) {
  const words = { "text-color": "var(--map-words)", "text-halo-color": "var(--map-halo)", "text-halo-width": 1.5 };
  return [
    {
      id: "label-road", type: "symbol", source: "register", "source-layer": "road_link", minzoom: 15, paint: words,
      layout: { "symbol-placement": "line", "text-field": name, "text-font": ["Inter Variable"], "text-size": 11.5 },
    },
    {
      id: "label-green", type: "symbol", source: "register", "source-layer": "green_area", minzoom: 15, paint: words,
      layout: { "text-field": name, "text-font": ["Inter Variable"], "text-size": 11.5, "text-max-width": 7 },
    },
  ];
}

/** Return the style layers of one layer of the page, over the sources it draws from. */
function layersOf(layer, isDeclared) {
  if (layer.raster)
    return [{ id: `${layer.code}-0`, type: "raster", source: layer.code, paint: { "raster-opacity": layer.opacity, "raster-resampling": "nearest" } }];
  const from = isDeclared && !layer.url
    ? layer.kinds.map((kind) => ({ source: "register", "source-layer": kind, kind }))
    : [{ source: layer.code }];
  return from.flatMap(({ kind, ...source }) =>
    layer.paint
      .filter((paint) => !kind || !paint["source-layer"] || paint["source-layer"] === kind)
      .map((paint, at) => ({ ...paint, ...source, id: `${layer.code}-${kind ? `${kind}-` : ""}${at}` })),
  );
}

/** Return the addresses and data that the page's own layers draw from. */
function sourcesOf(layers) {
  return Object.fromEntries(
    layers
      .filter((layer) => layer.url || layer.data)
      .map((layer) => [layer.code, layer.raster ? image(layer) : { type: "geojson", data: layer.data || (layer.inView ? NOTHING_YET : absolute(layer.url)), promoteId: "uid" }]),
  );
}

// What is asked for box by box: the first box is known once the map is drawn.
const NOTHING_YET = { type: "FeatureCollection", features: [] };

function image(layer) {
  const [west, south, east, north] = layer.bounds;
  return { type: "image", url: absolute(layer.url), coordinates: [[west, north], [east, north], [east, south], [west, south]] };
}

const absolute = (address) => new URL(address, location.href).href;

const FOCUS = [
  { type: "fill", paint: { "fill-color": "var(--lake)", "fill-opacity": 0.25 }, filter: ["==", ["geometry-type"], "Polygon"] },
  { type: "line", paint: { "line-color": "var(--lake)", "line-width": 4 }, filter: ["!=", ["geometry-type"], "Point"] },
  {
    type: "circle", filter: ["==", ["geometry-type"], "Point"],
    paint: { "circle-radius": 9, "circle-color": "var(--lake)", "circle-stroke-color": "var(--sheet)", "circle-stroke-width": 3 },
  },
];

/** Return the whole style of a map: base, the page's layers, labels, the thing in focus. */
export function styleOf(spec) {
  const look = tokens();
  const own = [...spec.own];
  if (spec.focusGeometry) own.push({ code: "focus", data: spec.focusGeometry, paint: FOCUS, shown: true });
  const shown = (layer) => (style) => ({ ...style, layout: { ...style.layout, visibility: layer.shown ? "visible" : "none" } });
  const themed = [
    ...spec.layers.flatMap((layer) => layersOf(layer, true).map(shown(layer))),
    ...own.flatMap((layer) => layersOf(layer, false).map(shown(layer))),
  ];
  const style = {
    version: 8,
    sources: {
      register: { type: "vector", tiles: [location.origin + spec.tiles], minzoom: 10, maxzoom: 16, promoteId: "uid" },
      ...sourcesOf([...spec.layers, ...own]),
    },
    layers: [...base(), ...themed.filter((layer) => layer.type === "raster" || layer.type === "fill"), ...labels(nameIn(spec.language)), ...themed.filter((layer) => layer.type !== "raster" && layer.type !== "fill")],
  };
  const resolved = look.resolve(style);
  look.end();
  return resolved;
}

/** Return the ids of the style layers that belong to the layer `code` of the page. */
export const idsOf = (map, code) => map.getStyle().layers.map((layer) => layer.id).filter((id) => id.startsWith(`${code}-`));
