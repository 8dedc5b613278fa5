"use strict";
const articles = [...document.querySelectorAll("article")];
const message = document.querySelector("#message");
const end = Number(document.body.dataset.to);

function say(text, failed) {
  message.textContent = text;
  message.className = failed ? "error" : "";
}

async function ask(address, options) {
  let answer = {};
  try {
    const response = await fetch(address, options);
    answer = response.headers.get("Content-Type").startsWith("application/json")
      ? await response.json() : { error: await response.text() };
  } catch {
    answer = { error: "tagger review does not answer; start it again" };
  }
  if (answer.error) say(answer.error, true);
  return answer;
}

async function send(article, action, body) {
  const answer = await ask(action + "/" + article.dataset.id, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (answer.error) return;
  article.dataset.seen = JSON.stringify(answer.genres);
  article.classList.toggle("chosen", answer.chosen);
  article.querySelector(".genres").textContent = answer.genres.join(", ") || "no genre";
  article.querySelector(".reason").textContent = answer.reason;
  say(article.querySelector("h3").textContent + ": " + (answer.genres.join(", ") || "no genre"));
}

function choose(article, genre) {
  return send(article, "choose", { genre, seen: JSON.parse(article.dataset.seen) });
}

function guess(article, number) {
  const button = article.querySelectorAll(".guess")[number];
  if (button) choose(article, button.dataset.genre);
}

function accept(article) {
  const [genre] = JSON.parse(article.dataset.seen);
  if (genre) choose(article, genre); else guess(article, 0);
}

function play(article) {
  const audio = article.querySelector("audio");
  if (!audio.paused) audio.pause();
  else audio.play().catch(error => {  // the listener of "error" tries the part first
    if (audio.error && audio.src.includes("/part/")) say("cannot be played: " + error.message, true);
  });
}

async function nearest(article) {
  const list = article.querySelector(".nearest");
  list.hidden = !list.hidden;
  if (list.hidden || list.children.length) return;
  const answer = await ask("near/" + article.dataset.id);
  list.hidden = Boolean(answer.error);
  if (answer.error) return;
  for (const near of answer.near) {
    const row = document.createElement("li");
    row.textContent = near.likeness.toFixed(2) + "  " + (near.genres.join(", ") || "-") + "  " + near.file;
    list.append(row);
  }
  if (!answer.near.length) list.textContent = "no other analyzed track";
}

function move(step) {
  const at = articles.indexOf(document.activeElement.closest("article"));
  const next = articles[Math.max(0, Math.min(articles.length - 1, at < 0 ? 0 : at + step))];
  if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
}

const keys = {
  a: accept, p: play, n: nearest,
  e: article => article.querySelector("input").focus(),
  x: article => choose(article, ""),
  u: article => send(article, "undo", {}),
  1: article => guess(article, 0), 2: article => guess(article, 1), 3: article => guess(article, 2),
};

const links = {
  h: ["a[rel=prev]"], l: ["a[rel=next]"], v: ["a[aria-current] + a", "nav a:not([aria-current])"],
};

function follow(selectors) {
  const link = selectors.map(one => document.querySelector(one)).find(Boolean);
  if (link) link.click();
  else say("no further page");
}

document.addEventListener("keydown", event => {
  const article = event.target.closest("article");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  // Enter ends the composition of a word, as in Japanese; in Safari with the key code 229 alone
  if (event.isComposing || event.keyCode === 229) return;
  if (event.target.matches("input")) {
    if (event.key === "Escape") (article || document.body).focus();
    if (event.key === "Enter" && article) {
      if (event.target.value.trim()) choose(article, event.target.value);
      event.target.value = "";
      article.focus();
      event.preventDefault();
    }
    return;
  }
  if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
  else if (event.key === "/") document.querySelector("input[type=search]").focus();
  else if (links[event.key]) follow(links[event.key]);
  else if (article && keys[event.key]) keys[event.key](article);
  else return;
  event.preventDefault();
});

const clicks = { accept, leave: keys.x, undo: keys.u, near: nearest };
for (const article of articles) {
  for (const button of article.querySelectorAll(".guess"))
    button.addEventListener("click", () => choose(article, button.dataset.genre));
  for (const [name, action] of Object.entries(clicks))
    article.querySelector("." + name).addEventListener("click", () => action(article));
  const audio = article.querySelector("audio");
  audio.addEventListener("timeupdate", () => { if (audio.currentTime >= end) audio.pause(); });
  // a format that the browser does not play: tagger decodes the analyzed part
  audio.addEventListener("error", () => {
    audio.src = "part/" + article.dataset.id;
    audio.play().catch(error => say("cannot be played: " + error.message, true));
  }, { once: true });
}
for (const image of document.querySelectorAll("section img"))
  image.addEventListener("error", () => { image.hidden = true; });
document.documentElement.dataset.ready = "yes";
