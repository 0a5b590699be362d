// Lets a reader of the interface's documentation try an address and see the answer in place.

const LONGEST = 4000;

function addressOf(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  form.querySelectorAll("input[data-place]").forEach((input) => {
    if (input.dataset.place === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.value) query.append(input.name, input.value);
  });
  return `${path}${query.size ? `?${query}` : ""}`;
}

document.querySelectorAll("form.try").forEach((form) => {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = form.querySelector(".answer");
    answer.hidden = false;
    answer.textContent = "…";
    const response = await fetch(addressOf(form), { headers: { Accept: "application/json" } });
    const text = await response.text();
    answer.textContent = `${response.status} ${response.url}\n\n${text.slice(0, LONGEST)}${text.length > LONGEST ? "\n…" : ""}`;
  });
});
