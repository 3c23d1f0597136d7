// Numbers and guides stay readable without a network: they are asked for first, and what was seen last is the answer
// when nobody answers. Nothing else is kept, and nothing personal: pages are fetched without a session.
const KEPT = "directory-1";
const pages = [{% for url in kept %}"{{ url }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
const guides = [{% for url in guides %}"{{ url }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
const files = [{% for url in files %}"{{ url }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
const offline = "{{ offline }}";

function plain(url) {
  return new Request(url, { credentials: "omit" });
}

async function keep(url) {
  const answer = await fetch(plain(url));
  if (answer.ok) await (await caches.open(KEPT)).put(url, answer);
}

self.addEventListener("install", (event) => {
  event.waitUntil(Promise.all([...pages, ...files, offline].map(keep)).then(() => self.skipWaiting()));
});

// The guides come one after the other once the rest is there: a slow network carries the page somebody waits for first.
async function keepGuides() {
  for (const url of guides) await keep(url).catch(() => {});
}

self.addEventListener("activate", (event) => {
  const old = (names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name)));
  event.waitUntil(
    caches
      .keys()
      .then(old)
      .then(() => self.clients.claim()),
  );
  keepGuides();
});

async function page(request) {
  const path = new URL(request.url).pathname;
  try {
    const answer = await fetch(request);
    if (answer.ok) keep(path).catch(() => {});
    return answer;
  } catch {
    const cache = await caches.open(KEPT);
    return (await cache.match(path)) || (await cache.match(offline)) || Response.error();
  }
}

async function file(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(new URL(request.url).pathname)) || Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate" && pages.some((one) => url.pathname.startsWith(one))) event.respondWith(page(request));
  else if (files.includes(url.pathname)) event.respondWith(file(request));
});
