// Every block below may be deleted alone: the pages work without any of them.

// After a refused form, take the reader to the list of what to change.
const summary = document.getElementById("error-summary");
if (summary) summary.focus();

// The label of a choice group's link leads to a group, not to an input: put the focus on its first choice.
if (summary) {
  summary.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    const target = document.getElementById(link.hash.slice(1));
    if (!target) return;
    const input = target.matches("input, select, textarea") ? target : target.querySelector("input, select, textarea");
    if (!input) return;
    event.preventDefault();
    target.scrollIntoView({ block: "center" });
    input.focus({ preventScroll: true });
  });
}

// A second tap on a slow network does nothing; coming back, or waiting eight seconds, starts afresh.
function again(form, button) {
  delete form.dataset.sent;
  if (button) button.removeAttribute("aria-busy");
}
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("data-again") || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
  setTimeout(() => again(form, event.submitter), 8000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) again(form, null);
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

// Another language or size of text shows the page anew, and what was typed comes along.
const typedHere = `typed:${location.pathname}`;
const fields = () =>
  [...document.querySelectorAll("main form[method=post] :is(input, select, textarea)")].filter(
    (field) => field.name && !["hidden", "file", "submit", "password"].includes(field.type),
  );
document.addEventListener("submit", (event) => {
  if (!["language", "elder_mode"].includes(event.submitter?.name)) return;
  const typed = fields().map(({ name, value, checked }) => ({ name, value, checked }));
  if (typed.length) sessionStorage.setItem(typedHere, JSON.stringify(typed));
});
const typed = JSON.parse(sessionStorage.getItem(typedHere) || "[]");
sessionStorage.removeItem(typedHere);
fields().forEach((field, at) => {
  if (typed[at]?.name !== field.name) return;
  if (["checkbox", "radio"].includes(field.type)) field.checked = typed[at].checked;
  else field.value = typed[at].value;
});

// Filters answer at once; their button stays for everybody without this script.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-autosubmit]") && event.target.form) event.target.form.requestSubmit();
});

// Deadlines count down in words: 剩 3 小时 12 分.
const chinese = !document.documentElement.lang.startsWith("en");
function remaining(until) {
  const minutes = Math.ceil((until - Date.now()) / 60000);
  if (minutes <= 0) return chinese ? "时间到了" : "time is up";
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  const rest = minutes % 60;
  if (days) return chinese ? `剩 ${days} 天 ${hours} 小时` : `${days} d ${hours} h left`;
  if (hours) return chinese ? `剩 ${hours} 小时 ${rest} 分` : `${hours} h ${rest} min left`;
  return chinese ? `剩 ${rest} 分钟` : `${rest} min left`;
}
const clocks = [...document.querySelectorAll("[data-countdown]")];
if (clocks.length) {
  const tick = () => {
    for (const clock of clocks) {
      const words = remaining(Date.parse(clock.dateTime));
      if (clock.textContent !== words) clock.textContent = words;
    }
  };
  tick();
  setInterval(tick, 20000);
}

// The code may be sent again after a pause: <button data-wait="52">.
for (const button of document.querySelectorAll("button[data-wait]")) {
  const label = button.textContent.trim();
  const until = Date.now() + Number(button.dataset.wait) * 1000;
  const count = () => {
    const seconds = Math.ceil((until - Date.now()) / 1000);
    button.disabled = seconds > 0;
    button.textContent = seconds <= 0 ? label : chinese ? `${seconds} 秒后重发` : `Again in ${seconds} s`;
    if (seconds > 0) setTimeout(count, 500);
  };
  count();
}

// Sharing and copying need a script, so their buttons arrive hidden.
async function copy(text, button) {
  await navigator.clipboard.writeText(text);
  const words = button.querySelector("[data-said]") || button;
  const before = words.textContent;
  words.textContent = chinese ? "已复制" : "Copied";
  setTimeout(() => { words.textContent = before; }, 2000);
}
for (const button of document.querySelectorAll("[data-share], [data-copy]")) {
  if (!navigator.share && !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    if (button.hasAttribute("data-copy")) copy(button.dataset.copy, button);
    else if (navigator.share) navigator.share({ title: button.dataset.shareTitle || document.title, url: location.href }).catch(() => {});
    else copy(location.href, button);
  });
}
