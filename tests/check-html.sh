#!/bin/sh
# "make html" renders every page of the manual, and every link resolves.
set -u
command -v mandoc >/dev/null || {
	echo "skipped: mandoc is not installed"
	exit 77
}
cd "${builddir:-.}" || exit 99
said=$(MAKEFLAGS='' make html 2>&1) || {
	echo "$said"
	exit 1
}
python3 - html "${srcdir:-.}/man" <<'EOF'
import html.parser
import pathlib
import sys
import urllib.parse

out, man = map(pathlib.Path, sys.argv[1:])
bad = 0


def wrong(*words):
    global bad
    bad = 1
    print(*words)


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.ids, self.links = set(), []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id":
                self.ids.add(value)
            elif name in ("href", "src"):
                self.links.append(value)


pages = {path.name: Page(path) for path in out.glob("*.html")}
names = {path.name + ".html" for path in man.glob("*.[1-9]")}
if not names or names | {"index.html"} != set(pages):
    wrong("pages:", sorted(pages), "but the manual has:", sorted(names))
if not names <= set(pages["index.html"].links):
    wrong("index.html lacks:", names - set(pages["index.html"].links))

crossing = 0
for name, page in sorted(pages.items()):
    for link in page.links:
        url = urllib.parse.urlsplit(link)
        if url.scheme in ("http", "https", "mailto"):
            continue  # said so in the text; no test asks the network
        target = url.path or name
        crossing += target in names and target != name
        if url.scheme or not (out / target).is_file():
            wrong(name, "links to", link, "which is not there")
        elif url.fragment and target in pages:
            if urllib.parse.unquote(url.fragment) not in pages[target].ids:
                wrong(name, "links to", link, "which has no such place")
if crossing < 2 * len(names):
    wrong("only", crossing, "links from page to page")
sys.exit(bad)
EOF
