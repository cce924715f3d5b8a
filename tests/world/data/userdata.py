#!/usr/bin/env python3
"""Makes what users put on a web server: sites, database rows, logs. The same seed gives the same bytes.

Usage: userdata.py site FOLDER --seed N --pages N --images N     pages of text and incompressible images
       userdata.py sql (mariadb|sqlite) --seed N --articles N --users N
                                                    tables with some rows updated and deleted, on standard output
       userdata.py log FILE --seed N --lines N      lines as nginx writes them; FILE may end in .gz
"""
import argparse
import gzip
import pathlib
import random
import sys

SYLLABLES = "ba be bi bo bu da de di do du fa fe fi ka ke ki ko la le li lo lu ma me mi mo na ne ni no pa pe po ra re ri ro sa se si so ta te ti to va ve vi za zo".split()


class Writer:
    """Text whose words are as unevenly frequent as those of a language."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        words = random.Random(1)  # one language for all guests
        self.words = ["".join(words.choices(SYLLABLES, k=words.randint(1, 4))) for _ in range(8000)]
        weights = [1 / (rank + 3) for rank in range(len(self.words))]
        total = 0.0
        self.cumulative = [total := total + weight for weight in weights]

    def text(self, words):
        return " ".join(self.random.choices(self.words, cum_weights=self.cumulative, k=words))

    def name(self):
        return self.random.choice(self.words).capitalize() + " " + self.random.choice(self.words).capitalize()


def make_site(options):
    writer = Writer(options.seed)
    folder = pathlib.Path(options.folder)
    (folder / "images").mkdir(parents=True)
    for number in range(options.images):
        size = writer.random.randint(60_000, 200_000)
        (folder / "images" / f"photo-{number:03}.jpg").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + writer.random.randbytes(size))
    titles = [writer.text(4).capitalize() for _ in range(options.pages)]
    for number, title in enumerate(titles):
        paragraphs = "\n".join(f"<p>{writer.text(writer.random.randint(60, 220)).capitalize()}.</p>" for _ in range(9))
        image = f'<img src="images/photo-{writer.random.randrange(options.images):03}.jpg">' if options.images else ""
        (folder / f"page-{number:04}.html").write_text(
            f"<!doctype html>\n<html><head><meta charset=utf-8><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{image}\n{paragraphs}\n</body></html>\n"
        )
    links = "\n".join(f'<li><a href="page-{number:04}.html">{title}</a></li>' for number, title in enumerate(titles))
    (folder / "index.html").write_text(f"<!doctype html>\n<title>Site {options.seed}</title>\n<h1>Site {options.seed}</h1>\n<ul>\n{links}\n</ul>\n")


def print_sql(options):
    writer = Writer(options.seed)
    key = "INTEGER PRIMARY KEY" if options.dialect == "sqlite" else "INT PRIMARY KEY"
    print(f"CREATE TABLE articles (id {key}, title VARCHAR(200), body TEXT, token CHAR(32));")
    print(f"CREATE TABLE users (id {key}, name VARCHAR(100), mail VARCHAR(100), password CHAR(64));")
    print("CREATE INDEX articles_token ON articles (token);")

    def insert(table, rows, count):
        for start in range(0, count, 500):
            values = ",\n".join(rows(number) for number in range(start, min(start + 500, count)))
            print(f"BEGIN;\nINSERT INTO {table} VALUES\n{values};\nCOMMIT;")

    def article(number):
        return f"({number},'{writer.text(5)}','{writer.text(writer.random.randint(60, 160))}','{writer.random.randbytes(16).hex()}')"

    def user(number):
        return f"({number},'{writer.name()}','user{number}@example.org','{writer.random.randbytes(32).hex()}')"

    insert("articles", article, options.articles)
    insert("users", user, options.users)
    print("BEGIN;\nUPDATE articles SET title = 'changed' WHERE id % 50 = 7;")
    print("DELETE FROM articles WHERE id % 40 = 3;\nDELETE FROM users WHERE id % 25 = 1;\nCOMMIT;")


def write_log(options):
    writer = Writer(options.seed)
    pick = writer.random
    agents = ["Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36", "curl/7.88.1"]
    visitors = [f"192.0.2.{pick.randrange(256)}" for _ in range(200)]
    # A fixed header time, so that a .gz is the same bytes every time.
    out = gzip.GzipFile(options.file, "wb", 6, mtime=0) if options.file.endswith(".gz") else open(options.file, "wb")
    with out:
        for number in range(options.lines):
            day, second = divmod(number * 7, 86400)
            stamp = f"{1 + day % 28:02}/May/2024:{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02} +0000"
            page = f"/page-{int(pick.paretovariate(0.6)) % 400:04}.html"
            out.write(
                f'{pick.choice(visitors)} - - [{stamp}] "GET {page}?s={pick.randrange(1 << 32):08x} HTTP/1.1" {pick.choice((200, 200, 200, 304, 404))} {pick.randrange(20000)} "-" "{pick.choice(agents)}"\n'.encode()
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    site = commands.add_parser("site")
    site.add_argument("folder")
    site.add_argument("--pages", type=int, default=400)
    site.add_argument("--images", type=int, default=60)
    site.set_defaults(run=make_site)
    sql = commands.add_parser("sql")
    sql.add_argument("dialect", choices=("mariadb", "sqlite"))
    sql.add_argument("--articles", type=int, default=100_000)
    sql.add_argument("--users", type=int, default=5_000)
    sql.set_defaults(run=print_sql)
    log = commands.add_parser("log")
    log.add_argument("file")
    log.add_argument("--lines", type=int, required=True)
    log.set_defaults(run=write_log)
    for command in (site, sql, log):
        command.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    options.run(options)


sys.exit(main())
