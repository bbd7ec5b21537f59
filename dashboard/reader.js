// Marks without a reload, copying, where in the navigation the reader is, and the end of loading. Served from the product's own address, since the content policy allows no other script.
// The cards are plain HTML with forms; without this file a mark is an ordinary form post that leads back to the page.
"use strict";

function isOn(button) {
  return button.dataset.on === "1";
}

function turn(button, on) {
  button.dataset.on = on ? "1" : "0";
  button.value = `${button.dataset.mark} ${on ? "0" : "1"}`;
  recount();
}

function say(form, text) {
  let status = form.querySelector("[role=status]");
  if (!status) {
    status = document.createElement("span");
    status.setAttribute("role", "status");
    form.append(status);
  }
  status.textContent = text;
}

function recount() {
  for (const line of document.querySelectorAll("[data-read-of]")) {
    const buttons = [...document.querySelectorAll(`[data-counts="${line.dataset.readOf}"] button[data-mark=read]`)];
    const read = buttons.filter(isOn).length;
    const words = line.querySelector("[data-words]");
    words.textContent = words.dataset.words.replace("{n}", read).replace("{total}", buttons.length);
    line.querySelector("i").style.width = `${(100 * read) / Math.max(buttons.length, 1)}%`;
  }
}

async function mark(form, button) {
  const on = !isOn(button);
  const body = new URLSearchParams(new FormData(form));
  body.set("mark", button.dataset.mark);
  body.set("on", on ? "1" : "0");
  turn(button, on);
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    say(form, "");
  } catch {
    turn(button, !on);
    say(form, form.dataset.failed);
  }
}

async function copy(button) {
  const text = button.closest("[data-copied]");
  await navigator.clipboard.writeText(text.querySelector("pre").textContent);
  button.textContent = text.dataset.copied;
}

// What stands over the page until the app has drawn goes for good, so that it does not come back between two pages.
function settle() {
  const waiting = document.getElementById("sc-loading");
  if (waiting && document.querySelector(".sc-head, .sc-item, [role=dialog], .stException")) waiting.remove();
  for (const link of document.querySelectorAll("[data-testid=stPageLink-NavLink]")) {
    const named = link.getAttribute("href");
    // The front page's link has an empty address or a query alone, which in a tab of its own would lead to the page at hand.
    if (/^($|[?])/.test(named)) link.setAttribute("href", `./${named}`);
    const is_here = link.pathname === location.pathname;
    if (is_here !== link.hasAttribute("aria-current")) {
      if (is_here) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }
}

// Once for all that a frame changes. Streamlit marks the link to the page at hand by a colour only.
let waits = false;
new MutationObserver(() => {
  if (waits) return;
  waits = true;
  requestAnimationFrame(() => {
    waits = false;
    settle();
  });
}).observe(document.documentElement, { childList: true, subtree: true });

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-failed]");
  if (form && event.submitter) {
    event.preventDefault();
    mark(form, event.submitter);
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest && event.target.closest("[data-copied] button");
  if (button) copy(button);
});
