// "AttentionHead" with TensorFlow.js, written by lfc.
//
// `tf` is the module @tensorflow/tfjs-core with a backend set, `weights` its tensors by path. `run` takes and gives
// tensors by name; the caller frees what it gets. bool is TensorFlow.js's bool.
//
// input  "x": f32[128, 64]
// weight "wq": f32[64, 32]
// weight "wk": f32[64, 32]
// weight "wv": f32[64, 32]
// output "output": f32[128, 32]
export function model(tf, weights) {
  const w_wq = weights.wq;
  const w_wk = weights.wk;
  const w_wv = weights.wv;
  const run = (inputs) =>
    tf.tidy(() => {
      const in_x = inputs.x;
      // attention_head.lf:10
      const v_q = tf.matMul(in_x, w_wq);
      // attention_head.lf:11
      const v_keys = tf.matMul(in_x, w_wk);
      // attention_head.lf:13
      const v6 = tf.matMul(v_q, v_keys, false, true);
      tf.dispose([v_q, v_keys]);
      const v7 = tf.div(v6, 5.656854249492381);
      tf.dispose([v6]);
      const v_p = tf.softmax(v7);
      tf.dispose([v7]);
      // attention_head.lf:12
      const v_vals = tf.matMul(in_x, w_wv);
      // attention_head.lf:14
      const v_o = tf.matMul(v_p, v_vals);
      return { output: v_o };
    });
  const dispose = () => {};
  return { run, dispose };
}
