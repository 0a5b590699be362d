// Draws the charts of a page from their JSON. On canvas, since the security policy allows no style attributes.
import * as echarts from "../../echarts/echarts.esm.min.mjs";
import { tokens } from "./map-style.js";

function optionOf(chart) {
  const look = tokens();
  const words = { color: look.resolve("var(--ink)"), fontFamily: getComputedStyle(document.body).fontFamily };
  const quiet = { ...words, color: look.resolve("var(--quiet)") };
  const line = { lineStyle: { color: look.resolve("var(--line)") } };
  const axis = { nameLocation: "middle", nameTextStyle: quiet, axisLabel: quiet, axisLine: line, axisTick: line, splitLine: line };
  const option = {
    animation: false,
    textStyle: words,
    grid: { left: 8, right: 8, top: chart.series.length > 1 ? 36 : 12, bottom: 28, containLabel: true },
    legend: { show: chart.series.length > 1, top: 0, left: 0, textStyle: words, selectedMode: false },
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
  const draw = () => drawing.setOption(optionOf(chart), true);
  draw();
  element.setAttribute("data-drawn", "");
  new ResizeObserver(() => drawing.resize()).observe(element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
});
