"""Writes domain/src/value/phone_plans.rs from the metadata of libphonenumber (Apache-2.0).

    pip install phonenumbers==9.0.42
    python3 domain/plans/make.py > domain/src/value/phone_plans.rs

Use the version that the oracle of domain/tests/numbering.rs has (its README names it); that test says whether the
table agrees with it.
"""

import re

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE as REGIONS
from phonenumbers.phonemetadata import PhoneMetadata

# In the order in which libphonenumber tries them.
KINDS = [
    ("PremiumRate", "premium_rate"),
    ("TollFree", "toll_free"),
    ("SharedCost", "shared_cost"),
    ("Voip", "voip"),
    ("Personal", "personal_number"),
    ("Pager", "pager"),
    ("Universal", "uan"),
    ("Voicemail", "voicemail"),
    ("Fixed", "fixed_line"),
    ("Mobile", "mobile"),
]

# Where the pattern of trunk prefixes holds more than the prefix: numbers of Argentina and Gabon as they are rewritten,
# and the number behind Brazil's carrier.
TRUNKS = {"AR": "0", "GA": "0", "BR": "(?:0|90)(?:1[245]|2[1-35]|31|4[13]|[56]5|99)?"}


def trunk(region, metadata):
    """The trunk prefixes, without numbers that lack their area code (those end with $)."""
    if region in TRUNKS:
        return TRUNKS[region]
    pattern = re.sub(r"\([^()]*\)\$\|?", "", metadata.national_prefix_for_parsing or "")
    return re.sub(r"\((?!\?)", "(?:", pattern)


def literal(text):
    """A string literal of Rust, raw only where it must be."""
    return f'r"{text}"' if "\\" in str(text) else f'"{text}"'


def plan(code, region):
    metadata = PhoneMetadata.metadata_for_region(region)
    descriptions = [(kind, getattr(metadata, name)) for kind, name in KINDS]
    shapes = ", ".join(
        f"(Kind::{kind}, {literal(description.national_number_pattern)})"
        for kind, description in descriptions
        if description and description.national_number_pattern
    )
    first_digits = metadata.leading_digits or ""
    general = metadata.general_desc.national_number_pattern
    columns = [code, region, metadata.international_prefix, trunk(region, metadata), first_digits, general]
    return "    plan(" + ", ".join(map(literal, columns)) + f", &[{shapes}]),"


plans = [
    plan(code, region)
    for code in sorted(REGIONS, key=str)
    for region in REGIONS[code]
    if region != "001"
]
print(f"""//! The numbering plans of the world, written by `domain/plans/make.py` from the metadata of libphonenumber
//! {phonenumbers.__version__} (Apache-2.0). Not edited by hand.

use super::phone_plan::{{Kind, Plan, plan}};

/// By calling code, the main country first: calling code, country, prefixes to dial abroad, trunk prefixes, first digits
/// that are the country's alone, what every number looks like, and the patterns of each kind of number in the order in
/// which they are tried.
#[rustfmt::skip]
pub(super) static PLANS: &[Plan] = &[""")
print("\n".join(plans))
print("];")
