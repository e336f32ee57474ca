"""Plans: the most frequent kinds of queries, worked out once and carried out without graphql-core.

`answers` takes a request and gives its answer in JSON, or None, and then graphql-core has to answer. `planner` turns an
operation into a plan, `parts` are what plans consist of, `shapes` the functions that are generated to build answers,
`selection` and `arguments` are graphql-core's own reading of a document.
"""
