// What was typed into a report stays on this phone until it is sent, also without a network. Without this script
// the server keeps it from the moment the form is sent for the first time.

const KEY = "linlingtong-report";
const NAMES = ["category", "area", "place", "text"];

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) || {};
  } catch {
    return {};
  }
}

function keep(form) {
  const typed = { owner: form.dataset.owner };
  for (const name of NAMES) typed[name] = new FormData(form).get(name) || "";
  try {
    localStorage.setItem(KEY, JSON.stringify(typed));
  } catch {
    // A phone that keeps nothing still sends.
  }
}

function say(form, words) {
  const line = form.querySelector("[data-said]") || form.appendChild(document.createElement("p"));
  line.dataset.said = "";
  line.className = "hint";
  line.setAttribute("role", "status");
  line.textContent = words;
}

function restore(form) {
  const kept = read();
  // Somebody else's, who signed out on this phone.
  if (kept.owner && kept.owner !== form.dataset.owner) return localStorage.removeItem(KEY);
  if (form.elements.text.value || form.elements.place.value || !(kept.text || kept.place)) return;
  for (const name of ["area", "place", "text"]) if (kept[name]) form.elements[name].value = kept[name];
  for (const one of form.querySelectorAll("[name=category]")) one.checked = one.checked || one.value === kept.category;
  say(form, form.dataset.kept);
}

const form = document.querySelector("[data-report]");
if (document.querySelector("[data-report-sent]")) localStorage.removeItem(KEY);
if (form) {
  restore(form);
  form.addEventListener("input", () => keep(form));
  form.addEventListener(
    "submit",
    (event) => {
      keep(form);
      if (navigator.onLine) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      say(form, form.dataset.offline);
    },
    { capture: true },
  );
}
