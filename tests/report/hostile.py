"""Names that a pod, a metric or a tracker could send to be shown to a person."""

HOSTILE = (
    "</title></svg><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "'\"`|\r\n# owned\n@everyone #1 !2 [click](http://evil.example) https://evil.example {{ 7*7 }} {% raw %}"
    "\x1b[31m\x1b]8;;http://evil.example\x07\u202e\u2028&lt;javascript:alert(1)"
)
