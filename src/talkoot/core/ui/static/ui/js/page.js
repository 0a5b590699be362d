// What every page does beyond its HTML: suggestions under the search field, focus on a form's errors, tables' scroll.

/** Let the arrow keys walk through the suggestions while focus stays in the field (ARIA combobox pattern). */
function combobox(form) {
  const input = form.querySelector("input[type=search]");
  const list = form.querySelector(".suggestions");
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  let active = -1;

  const options = () => [...list.querySelectorAll("[role=option]")];

  function mark(index) {
    active = index;
    options().forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    const marked = options()[index];
    if (marked) {
      input.setAttribute("aria-activedescendant", marked.id);
      marked.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  }

  function close() {
    list.replaceChildren();
    input.setAttribute("aria-expanded", "false");
    mark(-1);
  }

  list.addEventListener("htmx:afterSwap", () => {
    input.setAttribute("aria-expanded", String(options().length > 0));
    mark(-1);
  });
  input.addEventListener("keydown", (event) => {
    const count = options().length;
    if (event.key === "ArrowDown" && count) mark((active + 1) % count);
    else if (event.key === "ArrowUp" && count) mark((active - 1 + count) % count);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && active >= 0) location.assign(options()[active].querySelector("a").href);
    else return;
    event.preventDefault();
  });
  // A press on a suggestion leaves the focus in the field, so that the list is still there for the click.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", ({ target }) => {
    if (!target.closest("a")) target.closest("[role=option]")?.querySelector("a").click();
  });
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) close();
  });
}

document.querySelectorAll("[data-combobox]").forEach(combobox);
document.querySelector("[data-focus]")?.focus();

// A filter that has changed asks for its list at once; without JavaScript its button does.
document.querySelectorAll("form[data-autosubmit]").forEach((form) => {
  form.addEventListener("change", () => form.requestSubmit());
});

document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});

// What keeps itself up to date waits while somebody reads or uses what is inside it.
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const place = detail.target;
  if (!place.matches("[data-calm]")) return;
  const scrolled = [...place.querySelectorAll(".table-scroll")].some(({ scrollLeft }) => scrollLeft > 0);
  if (scrolled || place.contains(document.activeElement) || place.querySelector("details[open]")) detail.shouldSwap = false;
});

// A job that has ended tells the page to show what it left.
document.body.addEventListener("job-ended", () => location.reload());

// "Start from where I am": asks the device for its place only when the visitor asks for it.
document.querySelectorAll("button[data-locate]").forEach((button) => {
  button.hidden = !navigator.geolocation;
  button.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      const form = button.closest("form");
      form.elements.at.value = `${coords.latitude.toFixed(5)},${coords.longitude.toFixed(5)}`;
      form.requestSubmit();
    });
  });
});
