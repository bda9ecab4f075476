"""James's IMAP dialogues against our server: `SCORES.md` says where it differs, and why.

`pytest -s` shows the score.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from imap_mpt import replay

CORPORA = Path(os.environ.get("POSTEL_CORPORA")
               or Path(__file__).resolve().parents[3] / "shared" / "corpora")
SCRIPTS = CORPORA / "transcripts" / "james-mpt" / "imap"

REASONS = {
    "shared folders": "ACLCommandsOnOtherUser ACLCommandsOnOwner ListNamespace ListSpecialChar "
                      "ListWithSharedMailbox Namespace RenameSharedMailbox SharedMailbox "
                      "SharingAccessL SharingAccessLR SharingAccessLRA SharingAccessLRI "
                      "SharingAccessLRK SharingAccessLRS SharingAccessLRT SharingAccessLRTE "
                      "SharingAccessLRW SharingAccessLRX ValidateDeployment",
    "no part": "FetchRFC822Header FetchStructureComplex",
    "empty list": "FetchMultipartBodyStructure FetchSimpleBodyStructure FetchSingleMessage",
    "loose grammar": "AuthenticatePlain SearchCombinations Status UidSearchCombinations",
    "hangs up": "BadTag BogusCommand ConcurrentDeleteSelected IllegalTag JustTag "
                "LoginThreeStrikes NoCommand NoTag",
    "told later": "AppendExamineInbox ConcurrentExistsResponse Replace",
    "settings": "CondstoreDisable CreateErrorWithLongName FetchNILSaveDate Id "
                "MetadataWithLimitation Quota XList",
    "states": "ValidAuthenticated ValidSelected",
    "not of the RFC": "FetchPartial Metadata SearchOptionSave ListSubscribed",
    "order": "Rights Subscribe Uid UserFlagsSupport",
    "script": "FetchHeaderFields FetchHeaderFieldsNot FetchInternalDate InboxDeleteMessages "
              "MetadataWithBinaryData PeekMultipartAlternative PeekMultipartMixed "
              "PeekMultipartMixedComplex Recent RenameSelected",
    "judgement": "Create MoveNoMSG RenameHierarchy SearchAtoms UidSearchAtoms",
}
DIFFERENT = {name: why for why, names in REASONS.items() for name in names.split()}
EXCHANGES, AS_EXPECTED = 2_445, 1_945

pytestmark = pytest.mark.skipif(not SCRIPTS.is_dir(), reason="the corpora are not here")


@pytest.mark.slow
def test_james_dialogues() -> None:
    scores = {path.stem: replay(path) for path in sorted(SCRIPTS.glob("*.test"))}
    good = sum(score[0] for score in scores.values())
    total = sum(score[1] for score in scores.values())
    whole = {name for name, score in scores.items() if score[0] == score[1]}
    sys.stdout.write(f"\nJames: {good} of {total} exchanges; "
                     f"{len(whole)} of {len(scores)} scripts whole\n")
    wrong = {name: scores[name][2] for name in scores.keys() - whole - DIFFERENT.keys()}
    assert not wrong
    assert not whole & DIFFERENT.keys(), "better than SCORES.md says"
    assert (total, good) == (EXCHANGES, AS_EXPECTED)
