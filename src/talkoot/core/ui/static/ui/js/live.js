// Keeps the latest values of an open page true: readings come as events, while the page is seen.
import { moment } from "./moments.js";

const places = new Map([...document.querySelectorAll("[data-live]")].map((place) => [place.dataset.live, place]));
const number = new Intl.NumberFormat(document.documentElement.lang, { maximumSignificantDigits: 4 });

function show(place, { time, result }) {
  place.querySelector("[data-live-value]").textContent = typeof result === "number" ? number.format(result) : String(result);
  const when = place.querySelector("[data-live-time]");
  when.textContent = moment(time);
  when.dateTime = time;
  const state = place.querySelector("[data-live-state]");
  if (!state) return;
  state.textContent = place.dataset.liveFresh;
  state.className = "state fresh";
}

let source = null;

/** Listen while somebody looks; a hidden page costs the city nothing. */
function listen() {
  source?.close();
  source = null;
  if (document.hidden || !places.size) return;
  source = new EventSource(`/live/datastreams?ids=${[...places.keys()].join(",")}`);
  source.addEventListener("reading", ({ data }) => {
    const reading = JSON.parse(data);
    const place = places.get(String(reading.datastream));
    if (place) show(place, reading);
  });
}

document.addEventListener("visibilitychange", listen);
listen();
