// Photos are shrunk on the phone and sent while the form is still being filled in. Without this script the form
// sends them as it always did.

const LONGEST = 2048;
const QUALITY = 0.86;

// A smaller JPEG of the same picture; whatever cannot be opened here goes as it is, and the server says what is wrong.
async function shrunk(file) {
  if (!("createImageBitmap" in window) || file.size < 400000) return { body: file, bitmap: await opened(file) };
  const bitmap = await opened(file);
  if (!bitmap) return { body: file, bitmap: null };
  const share = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const canvas = drawn(bitmap, Math.round(bitmap.width * share), Math.round(bitmap.height * share));
  const body = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  return { body: body && body.size < file.size ? body : file, bitmap };
}

async function opened(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return null;
  }
}

function drawn(bitmap, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").drawImage(bitmap, 0, 0, width, height);
  return canvas;
}

function preview(bitmap) {
  const share = Math.min(1, 320 / Math.max(bitmap.width, bitmap.height));
  return drawn(bitmap, Math.max(1, Math.round(bitmap.width * share)), Math.max(1, Math.round(bitmap.height * share)));
}

function tokenOf(form) {
  return form.querySelector("[name=csrfmiddlewaretoken]").value;
}

function send(field, form, name, body, progress) {
  return new Promise((done, fail) => {
    const call = new XMLHttpRequest();
    const content = new FormData();
    content.append("photos", body, name);
    call.open("POST", field.dataset.url);
    call.setRequestHeader("X-CSRFToken", tokenOf(form));
    call.responseType = "json";
    call.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress.value = event.loaded / event.total;
    });
    call.addEventListener("load", () => {
      if (call.status === 201 && call.response) done(call.response.photos[0]);
      else fail(new Error((call.response && call.response.detail) || ""));
    });
    call.addEventListener("error", () => fail(new Error("")));
    call.send(content);
  });
}

function start(field) {
  const input = field.querySelector("input[type=file]");
  const list = field.querySelector(".photos-chosen");
  const form = input && input.form;
  if (!form) return;
  const words = field.dataset;
  let pending = 0;
  let waits = null;

  function item(file) {
    const row = document.createElement("li");
    row.className = "photo-kept";
    const box = document.createElement("span");
    box.className = "photo-wait";
    const progress = document.createElement("progress");
    progress.max = 1;
    const said = document.createElement("span");
    said.textContent = words.wait;
    row.append(box, progress, said);
    list.append(row);
    return { row, box, progress, said, file };
  }

  function removable(one, discard) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "photo-remove";
    button.setAttribute("aria-label", words.remove);
    button.textContent = "×";
    button.addEventListener("click", () => {
      if (discard) fetch(discard, { method: "POST", headers: { "X-CSRFToken": tokenOf(form) } });
      one.row.remove();
      input.focus();
    });
    one.row.append(button);
  }

  function settle() {
    pending -= 1;
    if (!pending && waits) form.requestSubmit(waits.button || undefined);
  }

  async function upload(one) {
    pending += 1;
    one.progress.hidden = false;
    one.said.textContent = words.wait;
    try {
      const { body, bitmap } = await shrunk(one.file);
      if (bitmap) one.box.replaceChildren(preview(bitmap));
      const photo = await send(field, form, one.file.name || "photo.jpg", body, one.progress);
      const kept = document.createElement("input");
      kept.type = "hidden";
      kept.name = words.name;
      kept.value = photo.token;
      one.row.append(kept);
      one.said.textContent = one.file.name;
      removable(one, photo.discard);
    } catch (error) {
      waits = null;
      one.row.classList.add("is-refused");
      if (!one.box.firstChild) one.box.remove();
      one.said.textContent = error.message || words.failed;
      if (!error.message) one.said.addEventListener("click", () => upload(one), { once: true });
      removable(one, "");
    }
    one.progress.hidden = true;
    settle();
  }

  input.addEventListener("change", () => {
    const room = Number(words.most) - list.querySelectorAll(".photo-kept:not(.is-refused)").length;
    const files = [...input.files];
    input.value = "";
    input.removeAttribute("required");
    for (const file of files.slice(0, Math.max(room, 0))) upload(item(file));
    if (files.length > room) {
      const full = document.createElement("li");
      full.className = "photo-kept is-refused";
      full.textContent = words.full;
      list.append(full);
      setTimeout(() => full.remove(), 8000);
    }
  });

  form.addEventListener("submit", (event) => {
    if (!pending) return;
    event.preventDefault();
    waits = { button: event.submitter };
    const said = document.createElement("li");
    said.className = "photo-pending";
    said.setAttribute("role", "status");
    said.textContent = words.pending;
    if (!list.querySelector(".photo-pending")) list.append(said);
  });
}

for (const field of document.querySelectorAll("[data-photos]")) start(field);
