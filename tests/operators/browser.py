"""A real Chromium, used as a person uses it: it opens pages, reads what is seen, clicks and types. Driven over its DevTools protocol."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from tests.operators.waiting import wait_for

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SIZE = (1280, 900)

_FIND = """
(() => {
  const wanted = %s, kinds = %s, all = %s;
  const seen = e => { const b = e.getBoundingClientRect(); return b.width > 0 && b.height > 0 && getComputedStyle(e).visibility !== "hidden"; };
  const said = e => (e.getAttribute("aria-label") || e.innerText || e.value || e.placeholder || "").trim();
  const found = [...document.querySelectorAll(kinds)].filter(e => seen(e) && (all ? said(e).includes(wanted) : said(e) === wanted));
  const last = found[found.length - 1];
  if (!last) return null;
  last.scrollIntoView({block: "center", behavior: "instant"});
  const box = last.getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
})()
"""
CLICKABLE = "a, button, [role=button], [role=option], [role=menuitem], [role=tab], [role=switch], [role=combobox], label, input"


class Browser:
    """One page of a browser without a window. `profile` is a folder of its own."""

    def __init__(self, profile: Path) -> None:
        assert CHROMIUM is not None
        command = [
            CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking", "--remote-debugging-port=0",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", f"--user-data-dir={profile}", f"--window-size={SIZE[0]},{SIZE[1]}", "about:blank",
        ]  # fmt: skip
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = wait_for(lambda: (profile / "DevToolsActivePort").exists() and (profile / "DevToolsActivePort").read_text().splitlines()[0])
        pages = json.loads(urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=30).read())
        self._socket = connect(next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page"), max_size=None)
        self._numbers = itertools.count(1)
        self.tell("Emulation.setDeviceMetricsOverride", width=SIZE[0], height=SIZE[1], deviceScaleFactor=1, mobile=False)

    def tell(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv(timeout=60))
            if answer.get("id") == number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def ask(self, expression: str) -> Any:
        """What an expression comes to in the page; None while a page is being left."""
        return self.tell("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    @property
    def text(self) -> str:
        return str(self.ask("document.body.innerText") or "")

    @property
    def address(self) -> str:
        return str(self.ask("location.href"))

    def open(self, url: str) -> None:
        """Leaves the page, even for itself, and waits until the other one is there and has been quiet for a moment: what is clicked earlier is drawn anew
        under the pointer."""
        self.ask("window.beingLeft = true")
        self.tell("Page.navigate", url=url)
        wait_for(lambda: self.ask("!window.beingLeft && document.readyState === 'complete' && document.body.innerText.length > 50"))
        self.rest()

    def rest(self) -> None:
        """Waits until the page says the same for a second."""
        before, since, until = "", time.monotonic(), time.monotonic() + 10
        while time.monotonic() - since < 1 and time.monotonic() < until:
            if (now := self.text) != before:
                before, since = now, time.monotonic()
            time.sleep(0.1)

    def see(self, text: str, seconds: float = 60) -> None:
        """Waits until the text is on the page."""
        wait_for(lambda: text in self.text, seconds, lambda: f"{text!r} is not on {self.address}:\n{self.text}")

    def click(self, text: str, kinds: str = CLICKABLE, part: bool = False, seconds: float = 60) -> None:
        """Clicks the last element of these kinds that says just this (or has it in it), once it is there."""
        find = _FIND % (json.dumps(text), json.dumps(kinds), json.dumps(part))
        place = wait_for(lambda: self._at_rest(find), seconds, lambda: f"nothing to click says {text!r} on {self.address}:\n{self.text}")
        self.click_at(*place)

    def _at_rest(self, where: str) -> Any:
        """Where it is, once it is at the same place half a second later: what slides in is missed, and what was just drawn does not listen yet."""
        place = self.ask(where)
        if place:
            time.sleep(0.5)
        return place if place == self.ask(where) else None

    def click_at(self, x: float, y: float) -> None:
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.tell("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=0 if kind == "mouseMoved" else 1, clickCount=0 if kind == "mouseMoved" else 1)

    def click_on(self, selector: str, number: int = 0, seconds: float = 60) -> None:
        """Clicks the element that the CSS selector finds (of several the one with that number), once it is there."""
        where = f"(() => {{ const e = document.querySelectorAll({json.dumps(selector)})[{number}]; if (!e) return null; e.scrollIntoView({{block: 'center'}}); const b = e.getBoundingClientRect(); return b.width ? [b.x + b.width / 2, b.y + b.height / 2] : null; }})()"
        self.click_at(*wait_for(lambda: self._at_rest(where), seconds, lambda: f"{selector} is not on {self.address}:\n{self.text}"))

    def type(self, text: str) -> None:
        """Into what has the focus."""
        self.tell("Input.insertText", text=text)

    def picture(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.tell("Page.captureScreenshot", format="png")["data"]))

    def end(self) -> None:
        self._socket.close()
        self.process.kill()
        self.process.wait()
