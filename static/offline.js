// Keeps the directory and the guides on the phone, and says so when what is shown is what was seen last.
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/worker.js").catch(() => {});
const notice = document.getElementById("offline-notice");
function look() {
  if (notice) notice.hidden = navigator.onLine;
}
addEventListener("online", look);
addEventListener("offline", look);
look();
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
