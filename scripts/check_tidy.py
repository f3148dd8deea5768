#!/usr/bin/env python3
"""Runs clang-tidy over .cc files, with the checks of .clang-tidy and the flags that a build folder compiles
them with. scripts/check calls it; see --help for the options.

Prints each finding once and ends with 1 if there is any. A clean file is not checked again until the file,
one of its headers, its flags, .clang-tidy or clang-tidy itself changes: the verdicts (clean ones only) are kept
in ${XDG_CACHE_HOME:-~/.cache}/cutover/tidy and are forgotten after 30 days without use.
"""

import argparse
import concurrent.futures
import gzip
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

# Each major version has checks of its own; .clang-tidy was written for this one.
MAJOR = "14"
CLANG_TIDY = "clang-tidy"
FORGOTTEN_AFTER = 30 * 24 * 3600
NOISE = re.compile(r"\d+ (warnings?|errors?)( and \d+ errors?)? (generated|treated)|Suppressed |Use -header-filter")
UNITY = re.compile(r"/Unity/unity_\w+\.cxx$")
FINDING = re.compile(r"\S+:\d+:\d+: (warning|error): ")


class Cache:
    """Clean verdicts. An entry is named after a file and all that clang-tidy is told about it. It holds the
    headers that clang-tidy read and digests of their contents, so that a lookup needs no preprocessor."""

    def __init__(self, folder, root):
        self.folder = folder
        self.root = root
        self.digests = {}
        self.started = time.time()

    def digest(self, path):
        """A digest of a file's contents; None if it cannot be read."""
        if path not in self.digests:
            try:
                with open(os.path.join(self.root, path), "rb") as file:
                    self.digests[path] = hashlib.sha256(file.read()).hexdigest()
            except OSError:
                self.digests[path] = None
        return self.digests[path]

    def configurations(self, path):
        """The places where .clang-tidy may be, from the file's folder up to the root."""
        folders = os.path.dirname(path).split("/")
        return [".clang-tidy"] + [os.path.join(*folders[:depth], ".clang-tidy")
                                  for depth in range(1, len(folders) + 1) if folders[0]]

    def name(self, path, told):
        read = [path, *self.configurations(path)]
        parts = [path, [self.digest(name) for name in read], [part.replace(self.root, "<root>") for part in told]]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def said(self, headers):
        parts = [[header, self.digest(header)] for header in headers]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def holds(self, name):
        entry = os.path.join(self.folder, name)
        try:
            with gzip.open(entry, "rt", encoding="utf-8") as file:
                said, *headers = file.read().split("\n")
            os.utime(entry)
        except (OSError, EOFError, UnicodeDecodeError):
            return False
        return said == self.said(headers)

    def changed_meanwhile(self, path):
        """Whether a file was written after this run began: the verdict and the digest may then be about
        different contents."""
        try:
            return os.path.getmtime(os.path.join(self.root, path)) >= self.started
        except OSError:
            return False

    def keep(self, path, name, headers):
        if any(self.changed_meanwhile(read) for read in (path, *self.configurations(path), *headers)):
            return
        try:
            os.makedirs(self.folder, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, prefix="new.", delete=False) as file:
                file.write(gzip.compress("\n".join([self.said(headers), *headers]).encode()))
            os.replace(file.name, os.path.join(self.folder, name))
        except OSError as error:
            print(f"tidy: a verdict could not be kept: {error}", file=sys.stderr)

    def forget_old(self):
        limit = time.time() - FORGOTTEN_AFTER
        try:
            for entry in os.scandir(self.folder):
                if entry.stat().st_mtime < limit:
                    os.remove(entry.path)
        except OSError:
            pass  # it does not exist, or another process was faster


class Tidy:
    def __init__(self, root, version, analyze, cache):
        self.root = root
        self.cache = cache
        self.version = version
        self.options = ["--quiet"] + (["--checks=clang-analyzer-*"] if analyze else [])

    def look_at(self, path, flags):
        """What clang-tidy says about one file (nothing if it is clean), and whether clang-tidy had to run."""
        name = self.cache.name(path, [self.version, *self.options, *flags])
        if self.cache.holds(name):
            return "", False
        # With -H, clang-tidy names every header that it opens.
        done = subprocess.run([CLANG_TIDY, *self.options, path, "--", *flags, "-H"], cwd=self.root,
                              capture_output=True, text=True, errors="replace", check=False)
        headers, rest = set(), []
        for line in done.stderr.split("\n"):
            if re.match(r"\.+ ", line):
                headers.add(self.short(line.split(" ", 1)[1]))
            elif line and not NOISE.match(line):
                rest.append(line)
        said = done.stdout.strip()
        if done.returncode != 0:
            return "\n".join([said, *rest]).strip() or f"{path}: clang-tidy ended with {done.returncode}", True
        # Without a header's name we would not notice when it changes.
        if not said and (headers or not self.includes(path)):
            self.cache.keep(path, name, sorted(headers))
        return said, True

    def short(self, path):
        """A path as verdicts store it: relative to the root if it is below the root, so that clones share verdicts."""
        path = os.path.normpath(os.path.join(self.root, path))
        return os.path.relpath(path, self.root) if path.startswith(self.root + "/") else path

    def includes(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return re.search(r"^\s*#\s*include", file.read(), re.M) is not None


def flags_of(build, root):
    """path -> the flags that it is compiled with, without those that do not matter here. If a file is compiled in
    several ways, the longest flags count: their additional definitions show more of the code."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    flags = {}
    for command in commands:
        words = iter(shlex.split(command["command"])[1:])
        kept = []
        for word in words:
            if word == "-o":
                next(words)
            elif word != "-c" and not word.startswith("-O") and word != command["file"]:
                kept.append(word)
        # g++ has warnings that clang does not know.
        kept.append("-Wno-unknown-warning-option")
        for path in compiled_with(os.path.join(command["directory"], command["file"])):
            path = os.path.relpath(path, root)
            flags[path] = max(flags.get(path, []), kept, key=len)
    return flags


def compiled_with(file):
    """The file itself; for a file of a unity build, which consists of includes, the files that it includes."""
    if not UNITY.search(file) or not os.path.exists(file):
        return [file]
    with open(file, encoding="utf-8") as unity:
        return re.findall(r'^#include "(.*)"$', unity.read(), re.M)


def version_of_clang_tidy():
    try:
        said = subprocess.run([CLANG_TIDY, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return None, "none"
    found = re.search(r"version (\d+)", said)
    return said, found.group(1) if found else "unknown"


def newest_build(root):
    """The build folder that was configured last, or None."""
    folders = [entry.path for entry in os.scandir(os.path.join(root, "build"))] \
        if os.path.isdir(os.path.join(root, "build")) else []
    lists = [os.path.join(folder, "compile_commands.json") for folder in folders]
    lists = [path for path in lists if os.path.isfile(path)]
    return os.path.dirname(max(lists, key=os.path.getmtime)) if lists else None


def findings_of(said):
    """Single findings, each with its notes and quoted lines."""
    blocks = [[]]
    for line in said.split("\n"):
        if FINDING.match(line):
            blocks.append([])
        blocks[-1].append(line)
    return ["\n".join(block) for block in blocks if block and any(block)]


def look_at_all(tidy, work, jobs):
    """Prints each finding once, however many files include it; returns the numbers for the last line."""
    told, asked, wrong = set(), 0, 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(tidy.look_at, path, flags) for path, flags in work]
        for done in concurrent.futures.as_completed(running):
            said, was_asked = done.result()
            asked += was_asked
            wrong += bool(said)
            for finding in findings_of(said.replace(tidy.root + "/", "")):
                if finding not in told:
                    told.add(finding)
                    print(finding, flush=True)
    return asked, wrong


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--root", default=here, help="the tree (default: the one this script is in)")
    parser.add_argument("--build", help="the build folder whose flags count (default: the one configured last)")
    parser.add_argument("--analyze", action="store_true", help="with the static analyzer: three times as long")
    parser.add_argument("files", nargs="*", help=".cc files, as paths from the root")
    return parser.parse_args()


def main():
    arguments = parsed()
    root = os.path.abspath(arguments.root)
    version, major = version_of_clang_tidy()
    if major != MAJOR:
        in_ci = os.environ.get("CI") == "true"
        verb = "cannot be checked" if in_ci else "not checked"
        print(f"tidy: {verb} (clang-tidy {MAJOR} is needed, found: {major}; scripts/install tests)")
        return 1 if in_ci else 0
    build = arguments.build or newest_build(root)
    if build is None or not os.path.isfile(os.path.join(build, "compile_commands.json")):
        print(f"tidy: {build or 'build/*'}/compile_commands.json is missing; run: cmake --preset release",
              file=sys.stderr)
        return 3
    if not arguments.files:
        print("tidy: no file differs")
        return 0

    flags = flags_of(build, root)
    paths = [os.path.relpath(os.path.abspath(path), root) for path in arguments.files]
    unknown = [path for path in paths if path not in flags]
    for path in unknown:
        print(f"{path}: tidy: {os.path.relpath(build, root)} does not compile it (was it configured anew?)")
    work = [(path, flags[path]) for path in paths if path in flags]

    cache = Cache(os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
                               "cutover", "tidy"), root)
    cache.forget_old()
    jobs = int(os.environ.get("CUTOVER_JOBS") or os.cpu_count())
    asked, wrong = look_at_all(Tidy(root, version, arguments.analyze, cache), work, jobs)
    if unknown or wrong:
        return 1
    print(f"tidy: all held ({len(work)} files, {len(work) - asked} of them known as clean from before)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
