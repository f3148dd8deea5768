#!/usr/bin/env python3
"""Checks the tree against the house's rules: which folder may include which, which library belongs where, what the
deterministic core may not use, how files are named, how they begin, how long they are, and which error codes there
are (error_catalogue.py).

Prints one line per broken rule (file:line: rule: what is wrong) and ends with 1 if there is any.
The tables below are the rules; README.md and CONTRIBUTING.md explain them.
"""

import argparse
import os
import re
import subprocess
import sys

import error_catalogue

# Who may know whom. A folder may include itself and the folders listed here; `engine/*` means every engine.
MIGRATOR_BASE = ["migrator/model", "migrator/expression", "migrator/plan", "migrator/flow", "migrator/engine"]
MAY_INCLUDE = {
    "migrator/model": [],
    "migrator/expression": ["migrator/model"],
    "migrator/plan": ["migrator/model", "migrator/expression"],
    "migrator/flow": ["migrator/model", "migrator/plan"],
    "migrator/engine": ["migrator/model", "migrator/expression", "migrator/plan", "migrator/flow"],
    "migrator/engine/*": MIGRATOR_BASE,
    "migrator/route": MIGRATOR_BASE + ["migrator/engine/*"],
    "migrator/precheck": MIGRATOR_BASE,
    "migrator/stage": MIGRATOR_BASE,
    "migrator/task": MIGRATOR_BASE + ["migrator/precheck", "migrator/stage"],
    "verify": ["migrator/model", "migrator/plan", "migrator/engine"],
    "fixtures": ["migrator/model", "migrator/plan", "migrator/engine"],
    "scenarios": ["migrator", "verify", "fixtures"],
    "bench": ["migrator", "verify", "fixtures", "scenarios"],
    "tests": ["migrator", "verify", "fixtures", "scenarios", "bench"],
}
# The rooms of a folder, from the ground up: a file may include files of its own room and of the rooms before it.
# Files in the folder itself may include all rooms, and no room includes them.
ROOMS = {
    "migrator/engine/*": ["database", "session", "trust", "catalog", "capture", "log", "copy", "control", "apply",
                          "requirements"],
    "verify": ["canonical", "end", "result", "compare", "structure", "live", "report", "run", "postgres"],
    "scenarios": ["scenario", "evidence", "ledger", "workload", "ground", "fault", "assertion", "report", "run"],
}
# What an engine lends to the judge, which needs a bare connection to its servers.
LENT_BY_ENGINES = re.compile(r"migrator/engine/\w+/(session/(connection|error)|trust/(own_objects|relation))\.h$")
BORROWERS = ["verify"]

# Where a third-party header may be included; None in place of a list: anywhere.
THIRD_PARTY = [
    # What makes and inspects the data has another client than what moves it.
    (r"libpq-fe\.h|libpq/|postgres_ext\.h", ["migrator/engine/postgres"]),
    (r"pqxx", ["fixtures/data"]),
    (r"mysql|mariadb|jdbc/", ["migrator/engine/mysql"]),
    (r"mongoc|bson|mongocxx", ["migrator/engine/mongodb"]),
    (r"yaml-cpp/", ["migrator/plan", "scenarios"]),
    (r"xxh(ash|3)", ["verify", "migrator/stage", "migrator/engine", "bench"]),
    (r"httplib", ["fixtures", "scenarios", "tests"]),
    (r"gtest/|gmock/", ["tests"]),
    (r"benchmark/", ["bench"]),
    (r"CLI/", None),
    (r"nlohmann/", None),
    (r"spdlog/", None),
    (r"fmt/", None),
]
# Slow to compile: never in a header.
HEAVY = re.compile(r"nlohmann/json\.hpp|spdlog/|yaml-cpp/|pqxx|libpq-fe\.h|CLI/|httplib|httplib\.h")

# The deterministic core takes time, threads and chance from flow::Runtime only.
DETERMINISTIC = ["migrator/flow/", "migrator/stage/", "migrator/task/"]
NOT_DETERMINISTIC = {
    "migrator/flow/thread_runtime.h": "the real runtime",
    "migrator/flow/thread_runtime.cc": "the real runtime",
}
# Files of the program's surface: they belong outside the core, between the core and the terminal.
SURFACE = re.compile(r"migrator/task/(commands|terminal_\w+|event_\w+|\w+_command)\.(h|cc)$")
REAL_WORLD = re.compile(
    r"std::(thread|jthread|mutex|recursive_mutex|shared_mutex|condition_variable\w*|async|this_thread"
    r"|random_device|mt19937\w*)\b|\b(system|steady|high_resolution)_clock::now\b|\bsleep_(for|until)\b"
    r"|\b(usleep|nanosleep|gettimeofday|clock_gettime)\s*\(|\bpthread_\w+")

# In a folder that everybody may write to, a predictable name may be a link that somebody else has put there.
PREDICTABLE = re.compile(r"/tm" r"p/")
TEMPORARY_FOLDER = re.compile(r"\btemp_directory_path\s*\(|\bTempDir\s*\(|\btmpnam\b|\btempnam\b")
MAKES_TEMPORARY = re.compile(r"mkstemp|mkostemp|mkdtemp|spill_directory")

# Where statements for a server are put together, and the calls that take one. Whatever goes into a
# statement must be a literal, a constant, a number, or the result of a function that quotes. If a name or a
# server's answer is put in unchanged, or a value is put between quotes written by hand, the person who chose
# it can write the rest of the statement.
SQL_ROOMS = re.compile(r"(migrator/engine/\w+|migrator/route|verify)/[\w/]+\.(h|cc)$")
SQL_CALL = re.compile(r"(?:\.|->|\b)(?:exec|exec_within|exec_params|exec_params_binary|begin_copy_in|begin_copy_out"
                      r"|query|add_copy|add)\(")
SQL_VERB = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|COPY|LOCK|SET|BEGIN|CREATE|ALTER|DROP|COMMENT|TRUNCATE"
                      r"|GRANT|WITH|START_REPLICATION|CREATE_REPLICATION_SLOT|SAVEPOINT|ROLLBACK)\b[ _(]")
SQL_QUOTES = re.compile(r"\b(?:\w+::)?(?:\w+(?:\.|->|\(\)\.))?(?:quote|quote_identifier|quote_literal|literal|array_literal"
                        r"|names_as_rows|to_string)\(")
SQL_RAW = re.compile(r"\.(?:text|get)\(|(?:\.|->)(?:name|schema|database|user|table|index|argument|verb)\b(?!\()")

# A test's name in its source, and as CTest knows it.
TEST = re.compile(r"\b(?:TYPED_)?TEST(?:_[FP])?\((\w+), (\w+)\)")
TEST_TARGET = re.compile(r"(?:cutover_test\(|add_test\(NAME )(\w+)")

MOST_LINES = 600
MOST_FUNCTION_LINES = 70
MOST_BYTES = 600_000
MOST_GUARANTEES = 213
TOP_LEVEL = {"migrator", "verify", "scenarios", "fixtures", "bench", "tests", "scripts", ".ci"}
FORBIDDEN_FOLDERS = {"src", "utils", "util", "common", "misc", "helpers"}
# Split so that this file does not break its own rules.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b|not imple" r"mented|\bDISAB" r"LED_")
MACHINE_PATH = re.compile(r"(?<![\w.])/(wo" r"rk|ro" r"ot|fa" r"rm)/")
SOURCE_WORDS = re.compile(r"\b(src|dst)(_\w*)?\b|\b\w+_(src|dst)_?\b")
CPP = (".h", ".cc")
TEXT = CPP + (".py", ".cmake", ".txt", ".md", ".yaml", ".yml", ".json", ".sh", ".html", ".js", ".css", "")


class Checker:
    def __init__(self, root):
        self.root = root
        self.findings = []
        self.cmake_lists = {}

    def tell(self, path, line, rule, message):
        self.findings.append(f"{path}:{line}: {rule}: {message}")

    def run(self):
        files = self.files()
        for path in files:
            self.check_place(path)
            if not path.endswith(TEXT) and "." in os.path.basename(path):
                continue
            try:
                with open(os.path.join(self.root, path), encoding="utf-8") as file:
                    text = file.read()
            except UnicodeDecodeError:
                continue
            self.check_text(path, text)
            if path.endswith(CPP):
                self.check_cpp(path, text)
        self.check_folders(files)
        for path, line, message in error_catalogue.Catalogue(self.root, files).check():
            self.tell(path, line, "error code", message)
        return self.findings

    def files(self):
        """The project's files: tracked, or new and not ignored; without git, whatever is in the tree."""
        listed = subprocess.run(
            ["git", "-C", self.root, "ls-files", "--cached", "--others", "--exclude-standard"],
            capture_output=True, text=True, check=False)
        if listed.returncode == 0:
            names = set(listed.stdout.splitlines())
        else:
            names = set()
            for folder, folders, found in os.walk(self.root):
                folders[:] = [name for name in folders if name not in ("build", ".git", ".cache", "reports")]
                names |= {os.path.relpath(os.path.join(folder, name), self.root) for name in found}
        return sorted(name for name in names if os.path.isfile(os.path.join(self.root, name)))

    # Places and names ------------------------------------------------------------------------------

    def check_place(self, path):
        parts = path.split("/")
        if len(parts) > 1 and parts[0] not in TOP_LEVEL:
            self.tell(path, 1, "top-level", f"`{parts[0]}` is not a top-level folder of the house")
        for folder in parts[:-1]:
            if folder in FORBIDDEN_FOLDERS:
                self.tell(path, 1, "folder", f"a folder is not called `{folder}`: say what is in it")
        if path.endswith((".cpp", ".cxx", ".hpp", ".hh", ".hxx")):
            self.tell(path, 1, "name", "C++ files end in .h and .cc")
        if path.endswith(CPP + (".py",)) and not re.fullmatch(r"[a-z0-9_]+\.\w+", parts[-1]):
            self.tell(path, 1, "name", "file names are snake_case")
        if os.path.getsize(os.path.join(self.root, path)) > MOST_BYTES:
            self.tell(path, 1, "size", f"more than {MOST_BYTES} bytes do not belong in the tree")
        if path.startswith("tests/unit/") and path.endswith(CPP + (".py",)):
            mirrored = os.path.dirname(path)[len("tests/unit/"):]
            if mirrored and not os.path.isdir(os.path.join(self.root, mirrored)):
                self.tell(path, 1, "mirror", f"tests/unit mirrors the tree, but there is no {mirrored}/")

    def check_folders(self, files):
        for folder in sorted({path.split("/")[0] for path in files if "/" in path} & TOP_LEVEL):
            if not folder.startswith(".") and f"{folder}/README.md" not in files:
                self.tell(folder, 1, "readme", "a top-level folder has a README.md that walks its files")

    # Text ------------------------------------------------------------------------------------------

    def check_text(self, path, text):
        lines = text.split("\n")
        limited = path.endswith(CPP + (".py", ".cmake")) or path.startswith("scripts/")
        if limited and len(lines) - 1 > MOST_LINES:
            self.tell(path, MOST_LINES, "length", f"{len(lines) - 1} lines; the limit is {MOST_LINES}")
        for number, line in enumerate(lines, 1):
            if UNFINISHED.search(line):
                self.tell(path, number, "unfinished", f"`{UNFINISHED.search(line).group(0)}` must not land on main")
            if MACHINE_PATH.search(line):
                self.tell(path, number, "machine path", "a path of one machine has no place here")
        if path == "SECURITY.md":
            self.check_security_table(path, text)
        if re.match(r"scenarios/\w+/[\w/-]+\.yaml$", path):
            self.check_scenario(path, text)
        if path.startswith(("scripts/", ".ci/")) and not path.endswith((".py", ".md")):
            for number, line in enumerate(lines, 1):
                if PREDICTABLE.search(line):
                    self.tell(path, number, "temporary", "a temporary file is made by mktemp")
        executable = os.access(os.path.join(self.root, path), os.X_OK)
        if path.startswith("scripts/") and executable and "--help" not in text:
            self.tell(path, 1, "help", "a script explains itself with --help")

    def check_scenario(self, path, text):
        """One promise per file, and the documented behaviours that it claims to assert."""
        if not re.search(r"^promise: \S", text, re.M):
            self.tell(path, 1, "scenario", "a scenario says its promise in one sentence: `promise: ...`")
        if not re.search(r"^claims:(\n  G\d+: \S| \{G\d+: \S)", text, re.M):
            self.tell(path, 1, "scenario", "a scenario says what it claims and what shows it: `claims: {G20: recovered}`")
            return
        for number in re.findall(r"\bG(\d+): ", text):
            if not 1 <= int(number) <= MOST_GUARANTEES:
                self.tell(path, 1, "scenario", f"`G{number}` is not a documented behaviour (G1 to G{MOST_GUARANTEES})")

    def check_security_table(self, path, text):
        """Each attack in the table has a test, and every test that the table names exists."""
        tests = {}
        targets = set()
        for name in self.files():
            if name.startswith("tests/") and name.endswith((".cc", "CMakeLists.txt")):
                with open(os.path.join(self.root, name), encoding="utf-8") as file:
                    found = file.read()
                for suite, test in TEST.findall(found):
                    tests.setdefault(suite, set()).add(test)
                targets |= set(TEST_TARGET.findall(found))
        for number, line in enumerate(text.split("\n"), 1):
            cells = line.strip().strip("|").split(" | ")
            if not re.match(r"\| (S\d\d)? *\|", line) or len(cells) != 4 or cells[3].strip() == "Test":
                continue
            named = re.findall(r"`([^`]+)`", cells[3])
            if not named:
                self.tell(path, number, "security", "an attack without a test is not known to be met")
            for name in named:
                suite, _, test = name.partition(".")
                there = name in targets or os.path.exists(os.path.join(self.root, name)) or (
                    suite in tests and (test == "*" or test in tests[suite]))
                if not there:
                    self.tell(path, number, "security", f"there is no test `{name}`")

    # C++ -------------------------------------------------------------------------------------------

    def check_cpp(self, path, text):
        code = strip(text)
        if path.endswith(".h"):
            self.check_header(path, text, code)
        self.check_includes(path, text)
        self.check_core(path, code)
        self.check_words(path, code)
        self.check_functions(path, code)
        self.check_temporary(path, code)
        if SQL_ROOMS.match(path):
            self.check_sql(path, text)
        if path.endswith(".cc"):
            self.check_listed(path)

    def check_header(self, path, text, code):
        if not text.startswith("//"):
            self.tell(path, 1, "opening", "a header opens with a comment: what it is, what it is not")
        if "#pragma once" not in code:
            self.tell(path, 1, "pragma", "`#pragma once` is missing")
        for number, line in enumerate(code.split("\n"), 1):
            if re.match(r"\s*using namespace\b", line):
                self.tell(path, number, "using", "no `using namespace` in a header")

    def check_includes(self, path, text):
        for number, line in enumerate(text.split("\n"), 1):
            found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if not found:
                continue
            own, name = found.group(1) == '"', found.group(2)
            if own:
                self.check_own_include(path, number, name)
            else:
                self.check_library(path, number, name)

    def check_own_include(self, path, number, name):
        if not os.path.isfile(os.path.join(self.root, name)):
            self.tell(path, number, "include", f'"{name}" is no path from the root of the tree')
            return
        here, there = room(path), room(name)
        if here == there and here is not None:
            self.check_room(path, number, name, here)
        if here == there or here is None:
            return
        if here in BORROWERS and LENT_BY_ENGINES.search(name):
            return
        if there is None or not any(covers(allowed, there) for allowed in MAY_INCLUDE[key_of(here)]):
            self.tell(path, number, "direction", f"{here} may not know {there or name}")

    def check_room(self, path, number, name, folder):
        """An include within one folder goes to the same room or to one below it."""
        rooms = ROOMS.get(key_of(folder))
        if rooms is None:
            return
        here, there = (os.path.dirname(file)[len(folder) + 1:] for file in (path, name))
        unknown = [one for one in (here, there) if one and one not in rooms]
        if unknown:
            self.tell(path, number, "room", f"{folder} has no room `{unknown[0]}`")
        elif here and (not there or rooms.index(there) > rooms.index(here)):
            self.tell(path, number, "room", f"{folder}/{here} may not know {name}: it is a room above")

    def check_library(self, path, number, name):
        for pattern, folders in THIRD_PARTY:
            if not re.match(pattern, name):
                continue
            if folders is not None and not any(path.startswith(folder + "/") for folder in folders):
                self.tell(path, number, "library", f"<{name}> stays inside {', '.join(folders)}")
            if path.endswith(".h") and HEAVY.match(name):
                self.tell(path, number, "heavy", f"<{name}> is slow to compile: include it in a .cc file")

    def check_core(self, path, code):
        if not path.startswith(tuple(DETERMINISTIC)) or path in NOT_DETERMINISTIC or SURFACE.match(path):
            return
        for number, line in enumerate(code.split("\n"), 1):
            found = REAL_WORLD.search(line)
            if found:
                self.tell(path, number, "deterministic core",
                          f"`{found.group(0)}` comes from flow::Runtime here, so that a seed replays a run")

    def check_words(self, path, code):
        for number, line in enumerate(code.split("\n"), 1):
            found = SOURCE_WORDS.search(line)
            if found:
                self.tell(path, number, "words", f"`{found.group(0)}`: write source and destination")
            if re.search(r"std::(format|expected)\b", line):
                self.tell(path, number, "words", "g++ 12 has no std::format and no std::expected: use fmt")

    def check_temporary(self, path, code):
        lines = code.split("\n")
        for number, line in enumerate(lines):
            around = "\n".join(lines[number:number + 3])
            if TEMPORARY_FOLDER.search(line) and not MAKES_TEMPORARY.search(around):
                self.tell(path, number + 1, "temporary",
                          "a temporary name that can be foreseen: mkostemp, mkdtemp, or tests/support/temporary_folder.h")

    def check_sql(self, path, text):
        """Names and values get into a statement through the functions that quote, and in no other way."""
        for start, statement in sql_statements(text):
            number = text.count("\n", 0, start) + 1
            for operand in operands(statement):
                if operand.startswith(('"', 'R"')):
                    continue
                unquoted = without_quoted(operand)
                if SQL_RAW.search(unquoted):
                    self.tell(path, number, "sql", f"`{' '.join(operand.split())[:60]}` goes into a statement unquoted")
            if BY_HAND.search(statement) or (text[start:].startswith("format(") and FORMATTED.search(statement)):
                self.tell(path, number, "sql", "a value between quotes that were written by hand: use quote_literal()")

    def check_functions(self, path, code):
        lines = [line.rstrip() for line in code.split("\n")]
        for number, line in enumerate(lines):
            if not line.endswith("{"):
                continue
            start = statement_start(lines, number)
            if not is_function(" ".join(part.strip() for part in lines[start:number + 1])):
                continue
            closing = " " * (len(lines[start]) - len(lines[start].lstrip())) + "}"
            end = next((at for at in range(number, len(lines)) if lines[at].startswith(closing)), number)
            if end - start + 1 > MOST_FUNCTION_LINES:
                self.tell(path, start + 1, "function",
                          f"{end - start + 1} lines; the limit is {MOST_FUNCTION_LINES}")

    def check_listed(self, path):
        """Sources are listed by hand: a file that no CMakeLists.txt names is never compiled."""
        folder, name = os.path.split(path)
        while folder:
            lists = os.path.join(self.root, folder, "CMakeLists.txt")
            if os.path.isfile(lists):
                if lists not in self.cmake_lists:
                    with open(lists, encoding="utf-8") as file:
                        self.cmake_lists[lists] = file.read()
                listed = self.cmake_lists[lists]
                if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.])", listed):
                    return
            folder = os.path.dirname(folder)
        self.tell(path, 1, "unlisted", "no CMakeLists.txt on the way up names this file")


# `... = '" + value`, and `'{}'` of a format.
BY_HAND = re.compile(r"""'"\s*\+""")
FORMATTED = re.compile(r"'\{\w*\}'")


def sql_statements(text):
    """Where each statement that is put together begins, and the expression that makes it."""
    for call in SQL_CALL.finditer(text):
        argument = first_argument(text, call.end())
        if re.search(r'"', argument) and SQL_VERB.match(argument[argument.index('"') + 1:].lstrip("(")):
            yield call.start(), argument
    for made in re.finditer(r"(?:=|return|format\()\s*(?=R?\"\(?\s*[A-Z])", text):
        expression = first_argument(text, made.end(), stop=";,") if "format" in made.group() else \
            first_argument(text, made.end(), stop=";")
        if SQL_VERB.match(expression[expression.index('"') + 1:].lstrip("(")):
            yield made.start(), text[made.end():made.end() + len(expression)]


def first_argument(text, at, stop=","):
    """From `at` to the next comma (or a character of `stop`) outside brackets and literals, or to the end of the call."""
    depth, begin = 0, at
    while at < len(text):
        literal = re.compile(r'R"\(.*?\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S).match(text, at)
        if literal:
            at = literal.end()
            continue
        if text[at] in "([{":
            depth += 1
        elif text[at] in ")]}":
            if depth == 0:
                break
            depth -= 1
        elif depth == 0 and text[at] in stop:
            break
        at += 1
    return text[begin:at]


def operands(expression):
    """The parts that `+` joins, outside brackets and literals."""
    parts, at = [], 0
    while at <= len(expression):
        part = first_argument(expression, at, stop="+")
        parts.append(part.strip())
        at += len(part) + 1
    return parts


def without_quoted(operand):
    """The operand without the arguments of its quoting calls."""
    while True:
        found = SQL_QUOTES.search(operand)
        if not found:
            return operand
        held = first_argument(operand, found.end(), stop="")
        operand = operand[:found.start()] + operand[found.end() + len(held) + 1:]


def room(path):
    """The folder in the include rules that the path belongs to, or None."""
    parts = path.split("/")
    if parts[0] != "migrator":
        return parts[0] if parts[0] in MAY_INCLUDE else None
    if len(parts) > 3 and parts[1] == "engine":
        return "/".join(parts[:3])
    return "/".join(parts[:2]) if len(parts) > 2 else None


def key_of(folder):
    return folder if folder in MAY_INCLUDE else "migrator/engine/*"


def covers(allowed, folder):
    if allowed.endswith("/*"):
        return folder.startswith(allowed[:-1])
    # `migrator` alone means all of it; `migrator/engine` means the seam without the engines.
    return folder == allowed or (allowed == "migrator" and folder.startswith("migrator/"))


def strip(text):
    """The text with comments and literals blanked, line by line (include lines stay readable)."""
    pattern = re.compile(
        r'R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|//[^\n]*|/\*.*?\*/|(?<!include )"(?:\\.|[^"\\\n])*"'
        r"|(?<![\w])'(?:\\.|[^'\\\n])+'", re.S)
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found.group(0)), text)


def statement_start(lines, at):
    """The first line of the statement that ends at `at`."""
    while at > 0 and lines[at - 1] and not lines[at - 1].endswith(("{", "}", ";")) \
            and not re.match(r"\s*(public|private|protected):|#", lines[at - 1]):
        at -= 1
    return at


def is_function(head):
    """True if a statement that ends in `{` opens a function's body, in code as clang-format leaves it."""
    if re.match(r"(namespace|class|struct|union|enum|extern|if|for|while|switch|do|else|try|catch|case|return)\b",
                head):
        return False
    return "(" in head and "](" not in head and not head.endswith(("= {", "] {", "({", ", {"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                        help="the tree to check (default: the one this script stands in)")
    findings = Checker(parser.parse_args().root).run()
    for finding in findings:
        print(finding)
    print(f"rules: {len(findings)} broken" if findings else "rules: all held")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
