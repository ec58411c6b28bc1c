#!/usr/bin/python3
"""One manual page (mdoc) against what its program says of its options, as JSON on standard input.

An option is described by an item ".It Fl -name". Those of a subcommand stand in its own section, ".Ss NAME",
if there is one; options of the program itself, and subcommands without a section, anywhere."""

import json
import pathlib
import re
import sys

page = pathlib.Path(sys.argv[1])
root = pathlib.Path(sys.argv[2])
failures = []
# What every command has, described once in the page.
general = {"h", "-help", "-version"}


def spellings(command: dict) -> dict[str, list[str]]:
    """The names of each option, as mdoc has them behind "Fl": "-json" for --json, "h" for -h."""
    found = {}
    for argument in command.get("arguments", []):
        if argument["kind"] == "positional" or not argument["shouldDisplay"]:
            continue
        names = [
            ("-" if name["kind"] == "long" else "") + name["name"] for name in argument.get("names", [])
        ]
        found[names[-1]] = names
    return found


def described(lines: list[str]) -> set[str]:
    """Every option of ".It" lines; a comma or a bar may stand between two of them."""
    items = set()
    for line in lines:
        if re.match(r"\.It Fl ", line):
            words = line.split()[1:]
            for index, word in enumerate(words):
                # "Fl a , b" is two flags.
                if word == "Fl" or (word == "," and "Ar" not in words[:index] and "Cm" not in words[:index]):
                    follower = words[index + 1]
                    if follower != "Fl":
                        items.add(follower)
    return items


def sections(text: str) -> dict[str, list[str]]:
    """The lines below each ".Ss", up to the next heading, and all other lines below ""."""
    found: dict[str, list[str]] = {"": []}
    current = ""
    for line in text.splitlines():
        if line.startswith(".Sh "):
            current = ""
        elif line.startswith(".Ss "):
            current = line[4:].split()[-1]
            found.setdefault(current, [])
        found[current].append(line)
    return found


def compare(command: dict, lines: list[str], title: str) -> None:
    there = described(lines)
    known = {name for names in spellings(command).values() for name in names}
    failures.extend(f"{title}: -{name} is not in the page" for name in sorted(known - there - general))
    for name in sorted(there - known):
        failures.append(f"{title}: the page has -{name}, which does not exist")


text = page.read_text()
parts = sections(text)
top = json.load(sys.stdin)["command"]
subcommands = [c for c in top.get("subcommands", []) if c["commandName"] != "help" and c["shouldDisplay"]]
everywhere = [line for lines in parts.values() for line in lines]
known = set()
for command in subcommands:
    name = command["commandName"]
    known |= {spelling for names in spellings(command).values() for spelling in names}
    if not re.search(rf"^\.(Cm|Ic|Ss)( .*)? ?\b{re.escape(name)}\b", text, re.MULTILINE):
        failures.append(f"the subcommand {name} is not in the page")
    if name in parts:
        compare(command, parts[name], f"{top['commandName']} {name}")
    else:
        missing = {s for names in spellings(command).values() for s in names} - described(everywhere) - general
        failures += [f"{top['commandName']} {name}: -{option} is not in the page" for option in sorted(missing)]
for names in spellings(top).values():
    known |= set(names)
    failures += [f"-{name} is not in the page" for name in names if name not in described(everywhere)]
failures += [
    f"the page has -{name}, which does not exist" for name in sorted(described(everywhere) - known)
]
# Exit codes: what the help of the program lists is what the page does.
told = re.search(r"Exit codes:(.*)", top.get("discussion", ""), re.DOTALL)
if told:
    codes = set(re.findall(r"\b\d+\b", told[1]))
    listed = set(re.findall(r"^\.It (\d+)$", text[text.index(".Sh EXIT STATUS") :], re.MULTILINE))
    failures += [f"exit code {code} is only in one of page and help" for code in sorted(codes ^ listed)]
# What a page says of the environment: the mark's settings are a list of their own.
if top["commandName"] == "weir-mark":
    source = (root / "Sources/MarkPolicy/Settings.swift").read_text()
    for variable in re.findall(r'"(WEIR_MARK_[A-Z_]+)"', source):
        if not re.search(rf"^\.It Ev {variable}$", text, re.MULTILINE):
            failures.append(f"{variable} is not in the page")

for failure in dict.fromkeys(failures):
    print(f"FAILED  {page.name}: {failure}")
if not failures:
    print(f"passed  {page.name}")
sys.exit(1 if failures else 0)
