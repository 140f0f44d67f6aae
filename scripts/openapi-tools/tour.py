"""A tour of the API by the client that openapi-python-client generates."""

import importlib
import pkgutil
import sys

import conum_client
from conum_client import AuthenticatedClient, Client
from conum_client.api.accounts import find_me
from conum_client.api.matching import explain_match
from conum_client.api.posts import find_post, list_posts
from conum_client.api.recruitments import find_recruitment, list_recruitments
from conum_client.api.territories import find_commune, find_departement, list_communes, list_departements
from conum_client.models import CommunePage, CommuneView, DepartementPage, Problem


def check(holds, what):
    if not holds:
        sys.exit(f"not as expected: {what}")
    print(f"  {what}")


modules = [module.name for module in pkgutil.walk_packages(conum_client.__path__, "conum_client.")]
for name in modules:
    importlib.import_module(name)
check(len(modules) > 20, f"all {len(modules)} modules of the client are imported")

address, token = sys.argv[1:]
anyone = Client(base_url=address)
anct = AuthenticatedClient(base_url=address, token=token)

page = list_departements.sync(client=anyone, limit=500)
check(isinstance(page, DepartementPage) and page.meta.total > 100, "départements are listed")
check({"82", "2A"} <= {row.code for row in page.data}, "Tarn-et-Garonne and Corse-du-Sud are among them")

page = list_communes.sync(client=anyone, q="moissac", departement_code="82")
check(isinstance(page, CommunePage) and page.data[0].name == "Moissac", "Moissac is found by name")
detail = find_commune.sync(page.data[0].code, client=anyone)
check(isinstance(detail, CommuneView) and detail.departement_code == "82", "Moissac is found by code")

me = find_me.sync(client=anct)
check(str(me.role) == "anct", "the token is that of the ANCT")

page = list_posts.sync(client=anct, limit=5)
check(page.meta.limit == 5, "posts are listed")
if page.data:
    post = find_post.sync(page.data[0].id, client=anct)
    check(post.reference == page.data[0].reference, "one of them is found by its identifier")

page = list_recruitments.sync(client=anct, limit=5)
check(page.meta.limit == 5, "recruitments are listed")
if page.data:
    hired = find_recruitment.sync(page.data[0].id, client=anct)
    check(hired.reference == page.data[0].reference, "one of them is found by its identifier")
    why = explain_match.sync(client=anct, candidate_id=hired.candidate_id, structure_id=hired.structure_id)
    check(len(why.conditions) == 9 and why.distance_km >= 0, "the matching explains its pair")

answer = find_departement.sync_detailed("99", client=anyone)
check(answer.status_code == 404, "what does not exist answers 404")
check(
    isinstance(answer.parsed, Problem) and answer.parsed.code == "not_found" and answer.parsed.status == 404,
    f"its problem is decoded: {answer.parsed.title}",
)
