/** The keywords of MySQL 8.0 and where each may serve as a name (Reference Manual 11.3). */
import { keywordTable } from '../shared/keywords.ts';

export const KEYWORDS = keywordTable([
  {
    category: 'reserved',
    bareLabel: false,
    words: `accessible add all alter analyze and as asc asensitive before between bigint binary blob both by call cascade case change
char character check collate column condition constraint continue convert create cross cube current_date current_time
current_timestamp current_user cursor databases day_hour day_microsecond day_minute day_second dec decimal declare
default delayed delete desc describe deterministic distinct distinctrow div double drop dual each else elseif empty enclosed escaped
except exists exit explain false fetch float float4 float8 for force foreign from fulltext function generated get grant group grouping
groups having high_priority hour_microsecond hour_minute hour_second if ignore in index infile inner inout insensitive insert int int1
int2 int3 int4 int8 integer intersect interval into io_after_gtids io_before_gtids is iterate join json_table key keys kill lateral
leading leave left like limit linear lines load localtime localtimestamp lock long longblob longtext loop low_priority master_bind
match maxvalue mediumblob mediumint mediumtext middleint minute_microsecond minute_second mod modifies natural not
no_write_to_binlog null numeric of on optimize optimizer_costs option optionally or order out outer outfile over
partition precision primary procedure purge range read reads read_write real recursive
references regexp release rename repeat replace require resignal restrict return revoke right rlike row rows schemas
second_microsecond select sensitive separator set show signal smallint spatial specific sql sqlexception sqlstate sqlwarning
sql_big_result sql_calc_found_rows sql_small_result ssl starting stored straight_join system table terminated then tinyblob tinyint
tinytext to trailing trigger true undo union unique unlock unsigned update usage use using utc_date utc_time utc_timestamp values
varbinary varchar varcharacter varying virtual when where while window with write xor year_month zerofill`,
  },
  {
    // Functions whose arguments have a grammar of their own; names where no parenthesis follows.
    category: 'column_name',
    bareLabel: true,
    words: 'cast coalesce extract nullif position trim',
  },
  {
    // Built-in names that are functions only with a parenthesis, and names otherwise.
    category: 'unreserved',
    bareLabel: true,
    words: `account action after against aggregate algorithm always any ascii at auto_increment autoextend_size avg avg_row_length backup
begin binlog bit block bool boolean btree buckets byte cache cascaded catalog_name chain changed channel charset checksum cipher
class_origin client clone close code collation column_format column_name columns comment commit committed compact completion
component compressed compression concurrent connection consistent constraint_catalog constraint_name constraint_schema contains context
cpu current data database datafile date datetime day deallocate default_auth definer definition delay_key_write description diagnostics
directory disable discard disk do dumpfile duplicate dynamic enable encryption end ends enforced engine engines engine_attribute enum
error errors escape event events every exchange exclude execute expansion expire export extended extent_size fast faults fields file
file_block_size filter first fixed flush following follows format found full general geomcollection geometry geometrycollection
get_format global grants group_replication handler hash help histogram history host hosts hour identified import inactive
indexes initial_size insert_method install instance invisible invoker io io_thread ipc isolation issuer json key_block_size language
last leaves less level linestring list local locked locks logfile logs max_connections_per_hour max_queries_per_hour max_rows
max_size max_updates_per_hour max_user_connections medium member memory merge message_text microsecond migrate minute min_rows mode modify
month multilinestring multipoint multipolygon mutex mysql_errno name names national nchar ndb ndbcluster nested never new next no
nodegroup none nowait no_wait nulls number nvarchar offset oj old one only open optional options ordinality organization others owner
pack_keys page parser partial partitioning partitions password password_lock_time path persist persist_only phase plugin plugins
plugin_dir point polygon port precedes preceding prepare preserve prev privileges privilege_checks_user process processlist profile
profiles proxy quarter query quick random reference rebuild recover redo_buffer_size redundant relay reload remove reorganize repair
repeatable replica replicas replication require reset resource respect restart restore resume retain returned_sqlstate returning returns
reuse reverse role rollback rollup rotate routine row_count row_format rtree savepoint schedule schema schema_name second
secondary secondary_engine security serial serializable server session share shared shutdown signed simple skip slave slow snapshot
socket some soname sounds source spatial_index sql_after_gtids sql_buffer_result sql_no_cache sql_thread srid stacked start starts
stats_auto_recalc stats_persistent stats_sample_pages status stop storage stream string subclass_origin subject subpartition
subpartitions super suspend swaps switches tables tablespace table_checksum table_name temporary temptable text than thread_priority ties
time timestamp timestampadd timestampdiff tls transaction triggers truncate type types unbounded uncommitted undefined undofile
unicode uninstall unknown until upgrade user use_frm value variables vcpu view visibility visible wait warnings week
weight_string without work wrapper x509 xa xid xml year zone`,
  },
]);
