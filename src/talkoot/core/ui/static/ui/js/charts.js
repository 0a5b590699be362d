// Draws the charts of a page from their JSON. On canvas, since the security policy allows no style attributes.
import * as echarts from "../../echarts/echarts.esm.min.mjs";
import { tokens } from "./map-style.js";

/** The look that all charts share: words, axes, tooltip. */
function frameOf(look, many) {
  const words = { color: look.resolve("var(--ink)"), fontFamily: getComputedStyle(document.body).fontFamily };
  const quiet = { ...words, color: look.resolve("var(--quiet)") };
  const line = { lineStyle: { color: look.resolve("var(--line)") } };
  const axis = { nameLocation: "middle", nameTextStyle: quiet, axisLabel: quiet, axisLine: line, axisTick: line, splitLine: line };
  const option = {
    animation: false,
    textStyle: words,
    grid: { left: 8, right: 8, top: many ? 36 : 12, bottom: 28, containLabel: true },
    legend: { show: many, top: 0, left: 0, textStyle: words, selectedMode: false },
  };
  return { axis, option };
}

/** Bands over time: between lowest and highest, with the mean as a line. A bucket without readings breaks both. */
function timeOptionOf(chart) {
  const look = tokens();
  const { axis, option } = frameOf(look, chart.bands.length > 1);
  const write = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });
  const day = new Intl.DateTimeFormat(document.documentElement.lang, { day: "numeric", month: "numeric" });
  const hour = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "numeric", minute: "2-digit" });
  const label = (at) => (new Date(at).getHours() || new Date(at).getMinutes() ? hour : day).format(at);
  const series = chart.bands.flatMap(({ name, colour, points }, at) => {
    const tint = look.resolve(colour);
    const quiet = { type: "line", symbol: "none", stack: `band${at}`, lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } };
    return [
      { ...quiet, data: points.map(([time, , low]) => [time, low]) },
      { ...quiet, data: points.map(([time, , low, high]) => [time, high === null ? null : high - low]), areaStyle: { color: tint, opacity: 0.18 } },
      { type: "line", name, symbol: "none", data: dotted(points), lineStyle: { color: tint, width: 2, type: at % 2 ? "dashed" : "solid" }, itemStyle: { color: tint } },
    ];
  });
  look.end();
  return {
    ...option,
    legend: { ...option.legend, data: chart.bands.map(({ name }) => name) },
    tooltip: { trigger: "axis", renderMode: "richText", axisPointer: { label: { formatter: ({ value }) => write.format(value) } } },
    xAxis: { ...axis, type: "time", axisLabel: { ...axis.axisLabel, formatter: label, hideOverlap: true }, splitLine: { show: false } },
    yAxis: { ...axis, type: "value", name: chart.y, nameGap: 44, scale: true },
    series,
  };
}

/** The means over time; one between two gaps is no part of a line and shows as a dot. */
function dotted(points) {
  const isGap = (at) => (points[at]?.[1] ?? null) === null;
  return points.map(([time, mean], at) => ({ value: [time, mean], ...(!isGap(at) && isGap(at - 1) && isGap(at + 1) ? { symbol: "circle", symbolSize: 6 } : {}) }));
}

function optionOf(chart) {
  const look = tokens();
  const { axis, option: frame } = frameOf(look, chart.series.length > 1);
  const option = {
    ...frame,
    tooltip: { trigger: "axis", renderMode: "richText", axisPointer: { type: "shadow" } },
    xAxis: { ...axis, type: "category", data: chart.categories, name: chart.x, nameGap: 32 },
    yAxis: { ...axis, type: "value", name: chart.y, nameGap: 44 },
    series: chart.series.map(({ colour, ...series }, at) => ({
      ...series,
      stack: series.stack || undefined,
      symbol: "none",
      itemStyle: { color: look.resolve(colour), ...(at % 2 ? { decal: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: -0.7 } } : {}) },
    })),
    aria: { enabled: true, decal: { show: chart.series.length > 1 } },
  };
  look.end();
  return option;
}

document.querySelectorAll("[data-chart]").forEach((element) => {
  const chart = JSON.parse(document.getElementById(element.dataset.chart).textContent);
  const drawing = echarts.init(element, null, { renderer: "canvas" });
  const draw = () => drawing.setOption(chart.time ? timeOptionOf(chart) : optionOf(chart), true);
  draw();
  element.setAttribute("data-drawn", "");
  new ResizeObserver(() => drawing.resize()).observe(element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
});
