// Where is it: typing finds a grid or building, and a phone that says where it is chooses the nearest one. Where
// somebody stands never leaves the phone. Without this script the same choices are opened and tapped by hand.

const NEAR_METRES = 3000;
const METRES_A_DEGREE = 111195;

function metres(label, here) {
  const north = label.dataset.lat - here.latitude;
  const east = (label.dataset.long - here.longitude) * Math.cos((here.latitude * Math.PI) / 180);
  return Math.hypot(north, east) * METRES_A_DEGREE;
}

function plain(text) {
  return text.normalize("NFKC").toLowerCase();
}

function set(box) {
  const picks = [...box.querySelectorAll(".pick")];
  const groups = [...box.querySelectorAll("details")];
  const [near, find, said, here] = ["near", "find", "said", "here"].map((name) =>
    box.querySelector(`[data-places-${name}]`),
  );
  const input = find.querySelector("input");
  const wereOpen = new Map();

  function chosen() {
    const pick = picks.find((one) => one.querySelector("input").checked);
    said.textContent = pick ? `${box.dataset.chosen}: ${pick.dataset.words}` : "";
  }

  function choose(pick) {
    pick.querySelector("input").checked = true;
    pick.closest("details")?.setAttribute("open", "");
    pick.dispatchEvent(new Event("input", { bubbles: true }));
    chosen();
  }

  function search() {
    const wanted = plain(input.value).split(/\s+/).filter(Boolean);
    if (!wanted.length) {
      for (const pick of picks) pick.hidden = false;
      for (const [group, open] of wereOpen) Object.assign(group, { open, hidden: false });
      wereOpen.clear();
      if (near) near.hidden = false;
      return chosen();
    }
    if (!wereOpen.size) for (const group of groups) wereOpen.set(group, group.open);
    if (near) near.hidden = true;
    for (const pick of picks) pick.hidden = !wanted.every((word) => plain(pick.dataset.words).includes(word));
    for (const group of groups) {
      group.hidden = ![...group.querySelectorAll(".pick")].some((pick) => !pick.hidden);
      group.open = !group.hidden;
    }
    said.textContent = groups.some((group) => !group.hidden) ? "" : box.dataset.none;
  }

  function stand({ coords }) {
    const placed = picks.filter((pick) => pick.dataset.lat && pick.closest("details"));
    const [nearest] = placed.sort((one, other) => metres(one, coords) - metres(other, coords));
    if (!nearest || metres(nearest, coords) > NEAR_METRES) said.textContent = box.dataset.far;
    else choose(nearest);
  }

  find.hidden = false;
  here.hidden = !navigator.geolocation || !picks.some((pick) => pick.dataset.lat);
  input.addEventListener("input", (event) => {
    event.stopPropagation();
    search();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const found = picks.filter((pick) => !pick.hidden && !near?.contains(pick));
    if (input.value && found.length) choose(found[0]);
  });
  here.addEventListener("click", () => {
    input.value = "";
    search();
    navigator.geolocation.getCurrentPosition(stand, () => (said.textContent = box.dataset.unknown), { timeout: 8000 });
  });
  box.addEventListener("change", chosen);
  box.querySelector(".pick :checked")?.closest("details")?.setAttribute("open", "");
  chosen();
}

for (const box of document.querySelectorAll("[data-places]")) set(box);
