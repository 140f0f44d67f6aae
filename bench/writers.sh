# Sourced, after scripts/service.sh: who writes reports.

# writers: tokens of eight counsellors of départements of their own: they meet at the country's sums, as they do in life.
writers() {
    people=$(query -c "select string_agg(id, ' ') from (select min(k.id::text) as id from counsellors k
        join structures s on s.id = k.structure_id group by s.departement_code order by md5(s.departement_code) limit 8) c")
    for id in $people; do token counsellor --subject "$id"; done
}
