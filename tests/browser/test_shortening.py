"""Scripts with short names do what they did, and keep the names that others use."""

import pytest

from scripts.shorten import shortened


@pytest.mark.parametrize(
    ("script", "short"),
    [
        ("const first=1;second(first)", "const a=1;second(a)"),
        ("function first(many){return many.many}", "function a(many){return many.many}"),
        ("const first=1;const made={first}", "const first=1,a={first}"),
        ("const first=1;const made={first:2}", "const first=1,a={first:2}"),
        ("const first=1;`${first ? second:\"first\"} first`", "const a=1;`${a?second:\"first\"} first`"),
        ("const first=/first}'/;", "const a=/first}'/;"),
        ("class Shown{first(){}}\nconst first=1;", "class Shown{first(){}}const first=1;"),
        ("call((each)=>each(1,),);", "call(a=>a(1));"),
        ("export const first=1;export{first as Second};", "export const first=1;export{first as Second};"),
        ("const{first}=1;let[second]=first;", "const{first}=1;let[a]=first;"),
        ("const first=1;const second={...first};", "const a=1,b={...a};"),
        ("let first;let second=()=>{const third=1;};", "let a,b=()=>{const c=1};"),
        ("const first=1;let second;const third=`${{}}`;", "const a=1;let b;const c=`${{}}`;"),
        ("const[first]=1;const[second]=2;const{third}=3;", "const[a]=1,[b]=2,{third}=3;"),
        ("export const first=1;const second=2;const third=3;", "export const first=1;const a=2,b=3;"),
        ("for(const first of[]){second;}const third=1;", "for(const a of[]){second}const b=1;"),
    ],
)  # fmt: skip
def test_names_that_nobody_else_uses_are_shortened(script: str, short: str) -> None:
    assert shortened(script) == short
