// 签到台: what is scanned is kept on this device first, then sent; a lost network loses nothing. Without this script
// every form of the page is sent the plain way.
const page = document.getElementById("console");
const chinese = !document.documentElement.lang.startsWith("en");
const say = (zh, en) => (chinese ? zh : en);
const box = page.querySelector("[data-entry]");
const entry = document.getElementById("entry");
const said = document.getElementById("said");
const offline = document.getElementById("offline");
const sound = document.getElementById("sound");
const KEY = `llt-door-${page.dataset.session}`;
// The device notes its own time, put right by the difference to the server's when the page was made.
const shift = Date.parse(page.dataset.now) - Date.now();
const BATCH = 100;
let sending = false;
let audio = null;

function queue() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) || [];
  } catch {
    return [];
  }
}
function keep(items) {
  localStorage.setItem(KEY, JSON.stringify(items));
  showQueue(items.length);
}
function showQueue(length) {
  const count = document.getElementById("count-queued");
  if (count) {
    count.textContent = String(length);
    count.closest("li").hidden = length === 0;
  }
  offline.hidden = navigator.onLine && length === 0;
  document.getElementById("offline-words").textContent = length
    ? say(`断网了，${length} 条待上传。`, `No network, ${length} to be sent.`)
    : say("现在没有网络。", "No network now.");
}

// Words, a sign in front of them, and a sound: never colour alone.
const TONES = { good: [880, 0.12], odd: [520, 0.2], bad: [220, 0.4] };
function announce(words, kind) {
  said.textContent = "";
  said.className = `desk-said is-${kind}`;
  said.dataset.kind = kind;
  requestAnimationFrame(() => { said.textContent = words; });
  if (!sound.checked) return;
  try {
    audio = audio || new AudioContext();
    const [pitch, seconds] = TONES[kind];
    const tone = audio.createOscillator();
    tone.frequency.value = pitch;
    tone.connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + seconds);
  } catch {
    sound.checked = false;
  }
}

function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0"));
  hex[6] = `4${hex[6][1]}`;
  hex[8] = `a${hex[8][1]}`;
  return hex.join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function note(what) {
  const item = {
    client_id: uuid(),
    session: Number(page.dataset.session),
    scanned_at: new Date(Date.now() + shift).toISOString(),
    ...what,
  };
  keep([...queue(), item]);
  if (navigator.onLine) send();
  else announce(say("已记下，有网后自动上传。", "Kept; it is sent when the network is back."), "odd");
}

const KEYS = {
  Escape: () => {
    showEverybody();
    entry.focus();
  },
  F2: () => {
    const other = box.querySelector("[name=kind]:not(:checked)");
    other.checked = true;
    announce(other.parentElement.textContent.trim(), "odd");
    entry.focus();
  },
  F4: () => document.getElementById("let-name").focus(),
};
const KINDS = { accepted: "good", duplicate: "odd", unresolved: "bad", refused: "bad" };
async function send() {
  if (sending) return;
  sending = true;
  let sent = false;
  try {
    for (let items = queue(); items.length; items = queue()) {
      const batch = items.slice(0, BATCH);
      const response = await fetch(page.dataset.sync, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token(), "Accept-Language": document.documentElement.lang },
        body: JSON.stringify(batch),
      });
      if (!response.ok) {
        announce(
          response.status < 500 && response.status !== 429
            ? say("没有发出去：请重新登录再打开这一页，记下的都还在。", "Not sent: sign in again and open this page; nothing is lost.")
            : say("服务器正忙，稍后自动再发。", "The server is busy; it is sent again shortly."),
          "bad",
        );
        break;
      }
      const verdicts = await response.json();
      const done = new Set(batch.map((item) => item.client_id));
      keep(queue().filter((item) => !done.has(item.client_id)));
      tell(verdicts);
      sent = true;
    }
  } catch {
    announce(say("已记下，有网后自动上传。", "Kept; it is sent when the network is back."), "odd");
    showQueue(queue().length);
  } finally {
    sending = false;
  }
  if (sent) refresh().catch(() => {});
}

function tell(verdicts) {
  if (verdicts.length === 1) {
    announce(verdicts[0].detail, KINDS[verdicts[0].verdict]);
    return;
  }
  const bad = verdicts.filter((one) => KINDS[one.verdict] === "bad");
  const words = say(`补传 ${verdicts.length} 条`, `${verdicts.length} sent`);
  announce(bad.length ? `${words}；${bad.map((one) => one.detail).join(" ")}` : words, bad.length ? "bad" : "good");
}

function token() {
  return page.querySelector("[name=csrfmiddlewaretoken]").value;
}

// The desk is the page's own part, fetched again; the box keeps what is typed meanwhile.
function replace(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const desk = fresh.getElementById("desk");
  if (!desk) return null;
  document.getElementById("desk").replaceWith(desk);
  showQueue(queue().length);
  return fresh;
}
let asked = 0;
async function refresh() {
  const mine = ++asked;
  const response = await fetch(location.href);
  if (response.ok && mine === asked) replace(await response.text());
}

function kind() {
  return box.querySelector("[name=kind]:checked").value;
}

box.addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = entry.value.trim();
  entry.value = "";
  entry.focus();
  if (!typed) return;
  const plain = typed.normalize("NFKC");
  if (/^[\d\s+-]+$/.test(plain)) {
    byDigits(plain.replace(/\D/g, ""));
    return;
  }
  if (/[pvs][0-9a-z]{1,13}-[0-9a-z]{1,9}-[a-z2-7]{16}/i.test(plain) || /^https?:/i.test(plain)) {
    note({ code: typed.slice(0, 200), kind: kind() });
    return;
  }
  byName(plain);
});

// Six digits are a code. A phone is put where people are found by phone; one more Enter lets them in.
function byDigits(digits) {
  const phone = digits.replace(/^(86)(?=1\d{10}$)/, "");
  if (digits.length === 6) {
    note({ code: digits, kind: kind() });
  } else if (/^1[3-9]\d{9}$/.test(phone)) {
    const field = document.getElementById("let-phone");
    field.value = phone;
    field.focus();
    announce(
      say(
        "这是手机号，签到请输 6 位数字。按手机号找人用“没报名也来了？”：号码已经填好，按回车放进来，按 Esc 返回。",
        "That is a phone number; to check in, type the six digits. To find somebody by phone use “Somebody unexpected?”: the number is filled in, Enter lets them in, Esc goes back.",
      ),
      "odd",
    );
  } else {
    announce(
      say(`签到码是 6 位数字，这里有 ${digits.length} 位。再问一遍，或者输姓名。`, `The code has six digits, this has ${digits.length}. Ask again, or type a name.`),
      "bad",
    );
  }
}

function showEverybody() {
  for (const line of document.querySelectorAll("[data-registration]")) line.hidden = false;
}

function byName(name) {
  const lines = [...document.querySelectorAll("[data-registration]")];
  const found = lines.filter((line) => line.dataset.name.includes(name));
  for (const line of lines) line.hidden = found.length > 1 && !found.includes(line);
  if (found.length === 1) {
    note({ registration: Number(found[0].dataset.registration), kind: kind() });
  } else if (found.length) {
    announce(say(`${found.length} 人叫“${name}”，按 Tab 选一位。`, `${found.length} people match “${name}”. Press Tab to choose.`), "odd");
    found[0].querySelector("button").focus();
  } else {
    announce(say(`这里没有叫“${name}”的人。`, `Nobody here is called “${name}”.`), "bad");
  }
}

// Taps on the roster: coming and going through the queue, everything else at once.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-desk]")) return;
  event.preventDefault();
  const body = new FormData(form, event.submitter);
  const chosen = body.get("kind");
  if (form.matches("[data-walk-in]")) {
    walkIn(form, body);
    return;
  }
  if (body.has("registration") && (chosen === "in" || chosen === "out")) {
    note({ registration: Number(body.get("registration")), kind: chosen });
    entry.focus();
    return;
  }
  try {
    const response = await fetch(form.action, { method: "POST", body });
    const fresh = replace(await response.text());
    const toast = fresh && fresh.querySelector(".toast");
    const isBad = toast && (toast.matches(".toast-error") || toast.matches(".toast-warning"));
    if (toast) announce(toast.textContent.trim(), isBad ? "bad" : "good");
    if (!isBad) form.reset();
    const ring = body.has("call") && document.querySelector(`[data-called="${body.get("registration")}"]`);
    if (ring) {
      ring.focus();
      return;
    }
  } catch {
    announce(say("没有网络，这一项等有网再点。", "No network: do this again when it is back."), "bad");
  }
  entry.focus();
});

// Somebody unexpected is kept on this device like a scan, and sent once.
function walkIn(form, body) {
  const phone = body.get("phone").trim();
  const name = body.get("name").trim();
  if (!phone && !name) {
    announce(say("写下姓名或手机号。", "Write the name or the phone of the person."), "bad");
    return;
  }
  form.reset();
  note(phone ? { phone, kind: "in" } : { name, kind: "in" });
  entry.focus();
}

window.addEventListener("online", () => { showQueue(queue().length); if (queue().length) send(); });
window.addEventListener("offline", () => showQueue(queue().length));
setInterval(() => { if (navigator.onLine && queue().length) send(); }, 15000);
setInterval(() => { if (navigator.onLine && !queue().length && !sending && document.activeElement === entry) refresh().catch(() => {}); }, 20000);
// A scanner types wherever the focus is: keys outside any field go to the box.
document.addEventListener("keydown", (event) => {
  if (KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
    return;
  }
  const isField = event.target.closest("input, textarea, select, button, a");
  if (!isField && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) entry.focus();
});
document.querySelector("[data-script-only]").hidden = false;
entry.focus();
showQueue(queue().length);
if (queue().length && navigator.onLine) send();
