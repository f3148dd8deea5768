#!/usr/bin/env python3
"""Compares the catalogue of error codes (scenarios/errors.yaml) with the sources, and writes the page that is made
from it (scenarios/ERRORS.md).

scripts/check_rules.py calls it; run by itself, it reports the same findings. With --write it writes the page (see
--help).
"""

import argparse
import os
import re
import sys

CATALOGUE = "scenarios/errors.yaml"
PAGE = "scenarios/ERRORS.md"
ERROR_CLASSES = ["connection", "operation", "conflict", "refused", "corrupt", "stopped"]
CLASSES = ERROR_CLASSES + ["finding", "problem", "answer"]
KEYS = ["class", "exit", "meaning", "remedy", "met", "found_by", "shown_by", "because"]
MET = ["at_start", "by_chance", "in_rows", "later", "elsewhere"]

# The sources of the program. The simulation's engine does not belong to it.
SOURCES = re.compile(r"(migrator|verify|fixtures|scenarios)/[\w/]+\.(h|cc)$")
NOT_IN_THE_PROGRAM = ("migrator/engine/memory/", "migrator/route/memory_to_memory")
# Functions that take a code: where they may be called, the code's place among the arguments, the class. A function that
# is missing here is reported, because inside it a code is not a literal.
HELPERS = [
    ("migrator/route/postgres_leaf.cc", "refuse", 0, "refused"),
    ("migrator/engine/postgres/", "value_refused", 1, "refused"),
    ("scenarios/ground/ground.cc", "refused", 0, "refused"),
    ("migrator/precheck/selection.cc", "tell", 0, "finding"),
    ("migrator/engine/postgres/requirements/", "tables_requirement", 0, "finding"),
    ("migrator/engine/postgres/requirements/", "row_security_requirement", 2, "finding"),
    ("migrator/engine/postgres/requirements/destination.cc", "tell", 0, "finding"),
    ("migrator/engine/postgres/requirements/object_kinds.cc", "flag_requirement", 0, "finding"),
    ("migrator/engine/postgres/requirements/needed_objects.cc", "block", 0, "finding"),
    ("migrator/route/postgres_schema.cc", "leave_out", 0, "finding"),
    ("migrator/route/postgres_table_changes.cc", "refuse", 0, "finding"),
    ("migrator/route/postgres_to_postgres.cc", "tell", 1, "finding"),
    ("migrator/route/postgres_to_postgres.cc", "find", 0, "finding"),
    ("migrator/plan/", "add", 1, "problem"),
    ("migrator/plan/", "problem", 1, "problem"),
    ("scenarios/", "add", 1, "problem"),
    ("scenarios/", "problem", 1, "problem"),
]

LITERAL = re.compile(r'R"\(.*?\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
COMMENT_OR_LITERAL = re.compile(r'R"\(.*?\)"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'|//[^\n]*', re.S)
CODE = re.compile(r'"([a-z_]+(?:\.[a-z_0-9]+)*)"')
# `"postgres." + state`, `name + ".unanswered"`: the catalogue has capitals for what is put in at run time.
MADE = re.compile(r'"([a-z_.]+\.)" \+|\+ "(\.[a-z_.]+)"|kServerError\s*\+')
PLACEHOLDER = re.compile(r"[A-Z]+")
# The parameter that a helper passes on, and the code of an error that is thrown again in other words.
HANDED_ON = re.compile(r"code$|std::move\(code\)$")
SAID_AGAIN = re.compile(r"\w+\.code\(\)$")
TEST = re.compile(r"\b(?:TYPED_)?TEST(?:_[FP])?\((\w+),\s*(\w+)\)")


class Entry:
    def __init__(self, code, line):
        self.code, self.line = code, line
        self.values = {}

    def list(self, key):
        return [word for word in re.split(r"[\[\], ]+", self.values.get(key, "")) if word]

    def text(self, key):
        return self.values.get(key, "")

    def pattern(self):
        return re.compile(PLACEHOLDER.sub(r"[A-Za-z0-9_]+", re.escape(self.code)) + "$")


def read_catalogue(text):
    """The entries, and the lines that are not in the file's form: a code, two blanks and a key, or four blanks and the rest."""
    entries, broken, key = {}, [], None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        code = re.fullmatch(r"([A-Za-z_.]+):", line)
        value = re.fullmatch(r"  ([a-z_]+): (\S.*)", line)
        if code and code[1] in entries:
            broken.append((number, f"`{code[1]}` stands here a second time"))
        elif code:
            entry = entries[code[1]] = Entry(code[1], number)
        elif value and entries and value[1] in KEYS:
            key = value[1]
            entry.values[key] = value[2]
        elif re.match(r"    \S", line) and key:
            entry.values[key] += " " + line.strip()
        else:
            broken.append((number, f"not understood: `{line}`"))
    for entry in entries.values():
        for key, said in entry.values.items():
            if said.startswith("'") and said.endswith("'"):
                entry.values[key] = said[1:-1].replace("''", "'")
    return entries, broken


# What the sources make ---------------------------------------------------------------------------


def without_comments(text):
    return COMMENT_OR_LITERAL.sub(
        lambda found: re.sub(r"[^\n]", " ", found[0]) if found[0].startswith("//") else found[0], text)


def arguments(text, at):
    """The arguments of a call or of a list in braces that begins at `at`."""
    found, depth, begin = [], 0, at
    while at < len(text):
        literal = LITERAL.match(text, at)
        if literal:
            at = literal.end()
            continue
        if text[at] in "([{":
            depth += 1
        elif text[at] in ")]};":
            if depth == 0 or text[at] == ";":
                break
            depth -= 1
        elif text[at] == "," and depth == 0:
            found.append(text[begin:at].strip())
            begin = at + 1
        at += 1
    return found + [text[begin:at].strip()]


def opening(text, at):
    """The beginning of the argument list that contains `at`."""
    blanked = LITERAL.sub(lambda found: "x" * len(found[0]), text[:at])
    depth = 0
    for position in range(at - 1, -1, -1):
        if blanked[position] in ")]}":
            depth += 1
        elif blanked[position] in "([{":
            if depth == 0:
                return position + 1
            depth -= 1
        elif blanked[position] == ";" and depth == 0:
            return None
    return None


def constants(text):
    return dict(re.findall(r'\bk(\w+) = "([a-z_.]+)"', text))


class Made:
    """The codes of one file: (code, class, line); codes that are not literals; codes that errors are compared with."""

    def __init__(self, path, text, names):
        self.path, self.names = path, names
        self.text = without_comments(text)
        self.codes, self.unclear, self.compared = [], [], []
        # Each helper that this file defines passes its parameter on once.
        self.helpers = sum(bool(re.search(rf"\b{name}\([^;{{)]*\bcode\b", self.text))
                           for where, name, *_ in HELPERS if path.startswith(where))
        self.handed_on = 0
        self.read_errors()
        self.read_findings()
        self.read_helpers()
        for found in re.finditer(r'\bcode\(?\)? (?:==|!=) ' + CODE.pattern, self.text):
            self.compared.append((found[1], self.line(found.start())))
        for found in re.finditer(r'\{"code", ' + CODE.pattern + r"\}", self.text):
            self.codes.append((found[1], ["answer"], self.line(found.start())))

    def line(self, at):
        return self.text.count("\n", 0, at) + 1

    def add(self, expression, classes, at):
        """`a ? "x" : "y"` beside `a ? one : other` belong together in their order."""
        expression = " ".join(expression.split())
        made = [(found[1] or "") + "X" + (found[2] or "") for found in MADE.finditer(expression)]
        made = ["postgres.X" if "kServerError" in expression else code for code in made]
        codes = made or CODE.findall(expression)
        codes += [self.names[name] for name in re.findall(r"\bk(\w+)\b", expression) if name in self.names]
        if not codes and not SAID_AGAIN.match(expression):
            self.handed_on += bool(HANDED_ON.match(expression))
            if not HANDED_ON.match(expression) or self.handed_on > self.helpers:
                self.unclear.append((self.line(at), expression[:60]))
        for place, code in enumerate(codes):
            one = [classes[place]] if len(classes) == len(codes) else classes
            self.codes.append((code, one, self.line(at)))

    def read_errors(self):
        for found in re.finditer(r"\bError(?: \w+)?\((?!\))", self.text):
            given = arguments(self.text, found.end())
            if len(given) > 1 and (CODE.search(given[1]) or MADE.search(given[1]) or "ErrorClass::" in given[0]):
                classes = re.findall(r"(?<!== )(?<!= model::)\bErrorClass::(\w+)", given[0])
                self.add(given[1], classes, found.start())

    def read_findings(self):
        """`{code, severity, object, found, why, remedy, guarantees}`"""
        seen = set()
        for found in re.finditer(r"\bSeverity::\w+|\bseverity\b", self.text):
            begin = opening(self.text, found.start())
            given = arguments(self.text, begin) if begin and begin not in seen else []
            seen.add(begin)
            if len(given) == 7 and self.text[begin - 1] == "{" and re.search(r"\b[Ss]everity\b", given[1]):
                self.add(given[0], ["finding"], begin)

    def read_helpers(self):
        for where, name, place, named in HELPERS:
            if not self.path.startswith(where):
                continue
            for found in re.finditer(rf"(?<![\w:]){name}\(", self.text):
                given = arguments(self.text, found.end())
                if len(given) > place and CODE.search(given[place]):
                    self.add(given[place], [named], found.start())


# What is held ------------------------------------------------------------------------------------


class Catalogue:
    """Reports what is broken as (path, line, message)."""

    def __init__(self, root, files):
        self.root, self.files = root, files
        self.broken = []
        text = self.read(CATALOGUE) if CATALOGUE in files else ""
        self.entries, malformed = read_catalogue(text)
        for line, message in malformed:
            self.tell(line, message)

    def read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return file.read()

    def tell(self, line, message, path=CATALOGUE):
        self.broken.append((path, line, message))

    def check(self):
        made = self.made()
        self.check_sources(made)
        for entry in self.entries.values():
            self.check_entry(entry)
        self.check_refusals(made)
        page = self.page()
        if self.entries and (PAGE not in self.files or self.read(PAGE) != page):
            self.tell(1, "it is not what the catalogue says; scripts/check --fix writes it", PAGE)
        return self.broken

    def made(self):
        sources = {path: self.read(path) for path in self.files
                   if SOURCES.match(path) and not path.startswith(NOT_IN_THE_PROGRAM)}
        names = {}
        for text in sources.values():
            names.update(constants(text))
        return [Made(path, text, names) for path, text in sources.items()]

    def find(self, code):
        if code in self.entries:
            return self.entries[code]
        return next((entry for entry in self.entries.values()
                     if PLACEHOLDER.search(entry.code) and entry.pattern().match(code)), None)

    def check_sources(self, made):
        seen = {}
        for file in made:
            for line, expression in file.unclear:
                self.tell(line, f"`{expression}` is no literal: write the code where the error is made, or name "
                          "the helper in scripts/error_catalogue.py", file.path)
            for code, line in file.compared:
                if self.find(code) is None:
                    self.tell(line, f"no error has the code `{code}`", file.path)
            for code, classes, line in file.codes:
                entry = self.find(code)
                if entry is None:
                    self.tell(line, f"`{code}` is not in {CATALOGUE}", file.path)
                    continue
                seen.setdefault(entry.code, set()).update(classes)
                for one in set(classes) - set(entry.list("class")):
                    self.tell(line, f"`{code}` is of the class {one} here, by {CATALOGUE} "
                              f"{' or '.join(entry.list('class'))}", file.path)
        for entry in self.entries.values():
            if entry.code not in seen:
                self.tell(entry.line, f"nothing makes `{entry.code}`")
            elif not PLACEHOLDER.search(entry.code):
                for one in set(entry.list("class")) - seen[entry.code]:
                    self.tell(entry.line, f"nothing makes `{entry.code}` with the class {one}")

    def check_entry(self, entry):
        for key in ("class", "meaning", "remedy"):
            if not entry.text(key):
                self.tell(entry.line, f"`{entry.code}` has no {key}")
        for one in entry.list("class"):
            if one not in CLASSES:
                self.tell(entry.line, f"`{entry.code}`: there is no class {one}")
        if "answer" in entry.list("class") and not entry.text("exit"):
            self.tell(entry.line, f"`{entry.code}`: the exit code of an answer does not follow from its class")
        for key in ("meaning", "remedy"):
            if entry.text(key) and not re.search(r"[.)]$", entry.text(key)):
                self.tell(entry.line, f"`{entry.code}`: the {key} is a sentence")

    def check_refusals(self, made):
        """How the precheck foresees each refusal of the migrator, and which test shows it."""
        refusals = {self.find(code).code for file in made if file.path.startswith("migrator/")
                    for code, classes, _ in file.codes if "refused" in classes and self.find(code)}
        tests = self.tests() if refusals else set()
        for entry in self.entries.values():
            expected = entry.code in refusals and not PLACEHOLDER.search(entry.code)
            if expected != ("met" in entry.values):
                self.tell(entry.line, f"`{entry.code}` is " + ("a refusal of the migrator: say how it is met"
                                                               if expected else "no refusal of the migrator"))
                continue
            if not expected:
                continue
            if entry.text("met") not in MET:
                self.tell(entry.line, f"`{entry.code}` cannot be met `{entry.text('met')}`")
            at_start = entry.text("met") == "at_start"
            shown = entry.text("shown_by")
            if not entry.text("because") and not (at_start and entry.list("found_by") and shown):
                self.tell(entry.line, f"`{entry.code}`: say which question finds it and which test shows that, or why none can")
            for code in entry.list("found_by"):
                found = self.find(code)
                if found is None or "finding" not in found.list("class"):
                    self.tell(entry.line, f"`{entry.code}` is found by `{code}`, which no question says")
            if shown and shown not in tests:
                self.tell(entry.line, f"there is no test `{shown}`")

    def tests(self):
        return {f"{suite}.{test}" for path in self.files if path.startswith("tests/") and path.endswith(".cc")
                for suite, test in TEST.findall(self.read(path))}

    def page(self):
        return page_of(self.entries.values())


# The page ----------------------------------------------------------------------------------------

ABOUT = {
    "connection": "The other side is away. It is tried again within `retry.connection_minutes`; then exit code 10.",
    "operation": "A statement has failed. It is tried again within `retry.operation_minutes`; then exit code 11.",
    "conflict": "A foreign row is in the way. Exit code 12.",
    "refused": "You must act first; it is never tried again. Exit code 13, if no other is said.",
    "corrupt": "A gap, undecodable bytes, a proof that failed: the program stops at once. Exit code 14.",
    "stopped": "Stopped on request, or because another process has taken over. Exit code 15.",
    "finding": "What the precheck or a running task has to say. One that blocks ends `precheck` with 1 and `migrate` with 13.",
    "problem": "What is wrong with a file that was written by hand, with its line and column. Exit code 3.",
    "answer": "In the JSON of a command that asks a running task.",
}


def page_of(entries):
    lines = ["# Error codes", "",
             "Every error, finding and problem carries a code, in brackets at the end of its text and as `code` in JSON.",
             "`cutover explain CODE` prints what stands here. Codes and classes are stable; texts are not. A word in",
             "capitals stands for what is put in at run time.", "",
             f"This page is made of `{CATALOGUE}` by `scripts/check --fix`; do not edit it."]
    for named in CLASSES:
        lines += ["", f"## {named}", "", ABOUT[named], "", "| Code | Meaning | What to do |", "|---|---|---|"]
        for entry in sorted(entries, key=lambda one: one.code.lower()):
            if named in entry.list("class"):
                exit_code = f" Exit code {entry.text('exit')}." if entry.text("exit") else ""
                cells = [f"`{entry.code}`", entry.text("meaning") + exit_code, entry.text("remedy")]
                lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE}")
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                        help="the tree (default: the one this script is in)")
    options = parser.parse_args()
    files = {os.path.relpath(os.path.join(folder, name), options.root)
             for top in ("migrator", "verify", "fixtures", "scenarios", "tests")
             for folder, _, names in os.walk(os.path.join(options.root, top)) for name in names}
    catalogue = Catalogue(options.root, sorted(files))
    if options.write:
        with open(os.path.join(options.root, PAGE), "w", encoding="utf-8") as file:
            file.write(catalogue.page())
        return 0
    broken = catalogue.check()
    for path, line, message in broken:
        print(f"{path}:{line}: {message}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
