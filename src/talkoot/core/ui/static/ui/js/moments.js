// Moments as the server writes them: in the city's time zone and the language of the page.
const { lang, dataset } = document.documentElement;
const language = lang === "en" ? "en-GB" : lang;
const zone = { timeZone: dataset.timeZone };
const date = new Intl.DateTimeFormat(language, { dateStyle: lang === "en" ? "medium" : "short", ...zone });
const time = new Intl.DateTimeFormat(language, { timeStyle: "short", ...zone });

/** Return a moment, given as RFC 3339, in words. */
export function moment(given) {
  const at = new Date(given);
  return `${date.format(at)}${lang === "en" ? "," : ""} ${time.format(at)}`;
}
